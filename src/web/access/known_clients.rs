//! Programs whose redirect URIs are known, to register them without guessing.

use crate::domain::redirect_uri::RedirectUri;
use crate::view::pages::connect::oauth_app_form::KnownClient;
use crate::web::workspace::inside::Inside;

/// What is known of one: its word in the form's address, its name, its web site, and where it sends
/// people back to (the list of `clients.registration_redirects`, program by program).
pub(super) struct Known {
    word: &'static str,
    pub(super) name: &'static str,
    pub(super) website: &'static str,
    pub(super) redirect_uris: &'static [&'static str],
}

const KNOWN: &[Known] = &[
    Known {
        word: "claude",
        name: "Claude",
        website: "https://claude.ai",
        redirect_uris: &[
            "https://claude.ai/api/mcp/auth_callback",
            "https://claude.com/api/mcp/auth_callback",
        ],
    },
    Known {
        word: "claude-code",
        name: "Claude Code",
        website: "https://claude.com",
        redirect_uris: &["http://localhost/callback"],
    },
    Known {
        word: "chatgpt",
        name: "ChatGPT",
        website: "https://chatgpt.com",
        redirect_uris: &["https://chatgpt.com/connector_platform_oauth_redirect"],
    },
    Known {
        word: "vs-code",
        name: "VS Code",
        website: "https://code.visualstudio.com",
        redirect_uris: &[
            "http://127.0.0.1/",
            "https://vscode.dev/redirect",
            "https://insiders.vscode.dev/redirect",
        ],
    },
    Known {
        word: "cursor",
        name: "Cursor",
        website: "https://cursor.com",
        redirect_uris: &[
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
        ],
    },
];

/// The program that `word` names.
pub(super) fn of_word(word: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.word == word)
}

/// Links to `form`, filled for each program that can be registered here.
pub(super) fn links(inside: &Inside, form: &str, chosen: Option<&Known>) -> Vec<KnownClient> {
    let schemes = &inside.ops().settings().custom_schemes;
    let taken = |known: &&Known| {
        let mut uris = known.redirect_uris.iter();
        uris.all(|uri| RedirectUri::register(uri, schemes).is_ok())
    };
    let link = |known: &Known| KnownClient {
        name: known.name.to_owned(),
        href: format!("{form}?client={}", known.word),
        chosen: chosen.is_some_and(|chosen| chosen.word == known.word),
    };
    KNOWN.iter().filter(taken).map(link).collect()
}
