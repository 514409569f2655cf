//! What attackers send, as lists.

use countersign::base::encoding;

/// What resembles `https://app.example/cb` or hides another target, by the part that is bent.
pub const REDIRECTS: &[&str] = &[
    // Scheme.
    "http://app.example/cb",
    "HTTPS://app.example/cb",
    "https:app.example/cb",
    "https:/app.example/cb",
    "https:///app.example/cb",
    "https:\\\\app.example/cb",
    "//app.example/cb",
    "//evil.example/cb",
    "/\\evil.example/cb",
    "/cb",
    "cb",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "javascript://app.example/cb%0aalert(1)",
    "data:text/html,evil",
    "vbscript:evil",
    "file:///app.example/cb",
    "blob:https://app.example/cb",
    "view-source:https://app.example/cb",
    "intent://app.example/cb#Intent;scheme=https;end",
    "about:blank",
    "urn:ietf:wg:oauth:2.0:oob",
    "urn:ietf:wg:oauth:2.0:oob:auto",
    // Host.
    "https://evil.example/cb",
    "https://app.example.evil.example/cb",
    "https://evil.example/https://app.example/cb",
    "https://evilapp.example/cb",
    "https://app-example/cb",
    "https://appxexample/cb",
    "https://www.app.example/cb",
    "https://app.example./cb",
    "https://APP.EXAMPLE/cb",
    "https://app.exampl\u{212a}/cb",
    "https://app\u{ff0e}example/cb",
    "https://app\u{3002}example/cb",
    "https://\u{430}pp.example/cb",
    "https://xn--pp-6kc.example/cb",
    "https://ap%70.example/cb",
    "https://app.example%2eevil.example/cb",
    "https://app.example%00.evil.example/cb",
    "https://app.example\u{0}.evil.example/cb",
    "https://evil.example#.app.example/cb",
    "https://evil.example?.app.example/cb",
    "https://evil.example;.app.example/cb",
    "https://evil.example\\.app.example/cb",
    "https://evil.example\\@app.example/cb",
    "https://127.0.0.1/cb",
    "https://[::1]/cb",
    "https://[::ffff:7f00:1]/cb",
    "https://2130706433/cb",
    "https://localhost/cb",
    "https://*.example/cb",
    "https://*/cb",
    "*",
    // User name.
    "https://app.example@evil.example/cb",
    "https://app.example:443@evil.example/cb",
    "https://app.example%40evil.example/cb",
    "https://evil.example@app.example/cb",
    "https://user:secret@app.example/cb",
    "https://@app.example/cb",
    "https://app.example\\@evil.example/cb",
    // Port.
    "https://app.example:443/cb",
    "https://app.example:8443/cb",
    "https://app.example:/cb",
    "https://app.example:0/cb",
    "https://app.example:99999/cb",
    // Path.
    "https://app.example",
    "https://app.example/",
    "https://app.example/c",
    "https://app.example/cbx",
    "https://app.example/cb/",
    "https://app.example/CB",
    "https://app.example//cb",
    "https://app.example/./cb",
    "https://app.example/x/../cb",
    "https://app.example/cb/../evil",
    "https://app.example/cb/%2e%2e/evil",
    "https://app.example/cb..;/evil",
    "https://app.example/%63b",
    "https://app.example/cb%2f",
    "https://app.example/cb;x",
    "https://app.example/cb\\",
    "https://app.example\\cb",
    // Query, fragment, what surrounds it.
    "https://app.example/cb?",
    "https://app.example/cb?code=evil",
    "https://app.example/cb?next=https://evil.example",
    "https://app.example/cb&code=evil",
    "https://app.example/cb#",
    "https://app.example/cb#code=evil",
    " https://app.example/cb",
    "https://app.example/cb ",
    "https://app.example/cb\t",
    "https://app.example/cb\n",
    "https://app.example/cb\r\nLocation: https://evil.example",
    "https://app.example/cb%0d%0aLocation:%20https://evil.example",
    "https://app.example/cb https://evil.example",
    "https://app.example/cb,https://evil.example",
    "\u{feff}https://app.example/cb",
    "null",
    "undefined",
];

/// What bends a loopback URI in which only the port is free.
pub const LOOPBACK: &[&str] = &[
    "https://127.0.0.1:5555/callback",
    "http://127.0.0.2:5555/callback",
    "http://127.1:5555/callback",
    "http://localhost:5555/callback",
    "http://[::1]:5555/callback",
    "http://0.0.0.0:5555/callback",
    "http://2130706433:5555/callback",
    "http://0x7f.1:5555/callback",
    "http://127.0.0.1:5555@evil.example/callback",
    "http://127.0.0.1@evil.example/callback",
    "http://evil.example@127.0.0.1:5555/callback",
    "http://127.0.0.1.evil.example:5555/callback",
    "http://127.0.0.1:5555\\@evil.example/callback",
    "http://127.0.0.1:5555#@evil.example/callback",
    "http://127.0.0.1:5555?@evil.example/callback",
    "http://127.0.0.1:05555/callback",
    "http://127.0.0.1:99999/callback",
    "http://127.0.0.1:/callback",
    "http://127.0.0.1:+5555/callback",
    "http://127.0.0.1:5555 /callback",
    "http://127.0.0.1:5555/callback/",
    "http://127.0.0.1:5555/CALLBACK",
    "http://127.0.0.1:5555//callback",
    "http://127.0.0.1:5555/callback?x",
    "http://127.0.0.1:5555/callback#x",
    "HTTP://127.0.0.1:5555/callback",
];

/// What bends an address with a scheme of the client's own, `com.example.app:/oauth2redirect`.
pub const PRIVATE: &[&str] = &[
    "com.example.app:",
    "com.example.app:/",
    "com.example.app:oauth2redirect",
    "com.example.app://oauth2redirect",
    "com.example.app:///oauth2redirect",
    "com.example.app:/oauth2redirect/",
    "com.example.app:/oauth2redirect?x",
    "com.example.app:/oauth2redirect#x",
    "com.example.app:/oauth2redirectx",
    "com.example.app:/OAuth2redirect",
    "com.example.app:/%6fauth2redirect",
    "com.example.app:/oauth2redirect/../evil",
    "com.example.app:\\oauth2redirect",
    "com.example.app:/\\evil.example/oauth2redirect",
    "com.example.app://evil.example/oauth2redirect",
    "com.example.app:@evil.example/oauth2redirect",
    "COM.EXAMPLE.APP:/oauth2redirect",
    "Com.example.app:/oauth2redirect",
    "com.example.app.evil:/oauth2redirect",
    "evil.com.example.app:/oauth2redirect",
    "com.example.ap:/oauth2redirect",
    "com-example-app:/oauth2redirect",
    "com.example.app%3a/oauth2redirect",
    "com.example.app\u{ff1a}/oauth2redirect",
    "com.example.app:/oauth2redirect\n",
    " com.example.app:/oauth2redirect",
    "javascript:com.example.app:/oauth2redirect",
    "https://com.example.app:/oauth2redirect",
    "intent:/oauth2redirect#Intent;scheme=com.example.app;end",
];

/// Every hostile redirect URI, whatever it is bent from: none of them is any client's.
pub fn redirects() -> impl Iterator<Item = &'static str> {
    REDIRECTS.iter().chain(LOOPBACK).chain(PRIVATE).copied()
}

/// Whether one of [`redirects`], or another text that says `evil`, is in `text`: with its host, or as a word that
/// begins. What is random (a handle, a code, a tag) may have the four letters in its midst.
pub fn echoed(text: &str) -> bool {
    let random = |before: char| before.is_ascii_alphanumeric() || "-_".contains(before);
    let mut found = text.match_indices("evil");
    text.contains("evil.example") || found.any(|(at, _)| !text[..at].ends_with(random))
}

/// Texts that resemble `secret`: cut, extended, with any one bit flipped, any one character changed or in
/// another case.
pub fn resembling(secret: &str) -> Vec<String> {
    let mut texts: Vec<String> = (1..secret.len()).map(|end| secret[..end].to_owned()).collect();
    texts.extend((1..secret.len()).map(|start| secret[start..].to_owned()));
    for (at, c) in secret.char_indices() {
        let other = if c == 'x' { 'y' } else { 'x' };
        let cased = if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        for to in [other, cased] {
            texts.push(format!("{}{to}{}", &secret[..at], &secret[at + 1..]));
        }
    }
    for at in 0..secret.len() {
        // The highest bit makes no text.
        for bit in 0..7 {
            let mut flipped = secret.as_bytes().to_vec();
            flipped[at] ^= 1 << bit;
            texts.extend(String::from_utf8(flipped));
        }
    }
    for around in ["{}0", "0{}", "{}{}", "{}=", "{}.", "{}\u{0}", "{}\n", "{}%00", "{},{}"] {
        texts.push(around.replace("{}", secret));
    }
    texts.extend([secret.to_uppercase(), secret.to_lowercase()]);
    texts.retain(|text| text != secret);
    texts
}

/// What becomes markup or script where a value is not escaped for its place.
pub const MARKUP: &[&str] = &[
    "Z<script>alert(1)</script>",
    "Z\"><script>alert(1)</script>",
    "Z'><img src=x onerror=alert(1)>",
    "Z\" onmouseover=\"alert(1)",
    "Z' onfocus='alert(1)' autofocus='",
    "Z</title><svg onload=alert(1)>",
    "Z</code></form><form action=//evil.example>",
    "Z<a href=javascript:alert(1)>x</a>",
    "Z&lt;script&gt;alert(1)&lt;/script&gt;",
    "Z&#x3c;script&#x3e;alert(1)",
    "Z<!--",
    "Z-->",
    "Z]]><x>",
    "Z{{ 7*7 }}{% raw %}",
    "Z${7*7}#{7*7}",
    "Z<base href=//evil.example>",
    "Z<meta http-equiv=refresh content=0;//evil.example>",
    "Z<iframe srcdoc=x>",
    "Z\u{ff1c}script\u{ff1e}",
    "Z<scr\u{131}pt>alert(1)</script>",
    "Z`onload=alert(1)`",
    "Zjavascript:alert(1)//",
];

/// Tokens with the id of `token`, another secret or another kind, and the right checksum: what
/// somebody makes who knows the format and has seen an id.
pub fn forged(token: &str) -> Vec<String> {
    let start = token.len() - 71;
    let (prefix, body) = token.split_at(start);
    let (unsealed, _) = body.split_at(65);
    let sealed = |text: String| {
        let checksum = encoding::base62(&crc32fast::hash(text.as_bytes()).to_be_bytes());
        format!("{text}{checksum}")
    };
    assert_eq!(sealed(format!("{prefix}{unsealed}")), token, "the format has changed");
    let mut texts = Vec::new();
    for at in 22..65 {
        let to = if &unsealed[at..=at] == "1" { "2" } else { "1" };
        texts.push(sealed(format!("{prefix}{}{to}{}", &unsealed[..at], &unsealed[at + 1..])));
    }
    texts.push(sealed(format!("{prefix}{}{}", &unsealed[..22], "0".repeat(43))));
    for other in [
        "cs_at_", "cs_ct_", "cs_api_", "cs_rt_", "cs_sec_", "cs_code_", "cs_ses_", "cs_par_",
        "cs_link_",
    ] {
        for other in [other.to_owned(), other.replacen("cs_", "cs_test_", 1)] {
            texts.push(sealed(format!("{other}{unsealed}")));
        }
    }
    texts.retain(|text| text != token);
    texts
}
