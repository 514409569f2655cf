//! The shape of the table of keys (`settings.rs`): one entry gives a key its type, its default,
//! its rule and its documentation.

use crate::config::rule::Rule;
use crate::config::rule::Shape;

/// A section of the file with its keys; the keys of the root stand in a section without a name.
pub(super) struct Section {
    pub(super) path: &'static str,
    pub(super) doc: &'static [&'static str],
    pub(super) keys: Vec<Key>,
}

/// A key, as the file, the environment and the documentation know it.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// With its section: `server.listen`.
    pub(super) path: &'static str,
    /// Without: `listen`.
    pub(super) name: &'static str,
    pub(super) doc: &'static [&'static str],
    /// As TOML writes it.
    pub(super) default: &'static str,
    pub(super) shape: Shape,
    pub(super) bounds: Option<String>,
}

impl Key {
    pub(super) fn new<T>(
        path: &'static str,
        name: &'static str,
        doc: &'static [&'static str],
        default: &'static str,
        rule: &impl Rule<Output = T>,
    ) -> Self {
        Self { path, name, doc, default, shape: rule.shape(), bounds: rule.bounds() }
    }
}

/// The variable that sets a key: `COUNTERSIGN__SERVER__LISTEN`.
pub(super) fn variable(path: &str) -> String {
    let name = path.replace('.', "__").to_ascii_uppercase();
    format!("{}{name}", crate::config::sources::PREFIX)
}

/// Makes the typed settings, the way to read them and the table of keys from one list.
macro_rules! settings {
    (
        root { $( $(#[doc = $root_doc:literal])+ $root:ident: $root_type:ty = $root_default:tt, $root_rule:expr; )+ }
        $( $(#[doc = $section_doc:literal])+ $section:ident: $Section:ident = $path:literal {
            $( $(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:tt, $rule:expr; )+
        } )+
    ) => {
        /// The whole configuration, checked.
        #[derive(Clone, Debug)]
        pub struct Settings {
            $( $(#[doc = $root_doc])+ pub $root: $root_type, )+
            $( $(#[doc = $section_doc])+ pub $section: $Section, )+
            /// The permissions and roles that exist here.
            pub catalogue: Arc<Catalogue>,
            /// `[[api.routes]]`.
            pub api_surface: Arc<Surface>,
            /// `[[mcp.tools]]`, `[[mcp.resources]]`, `[[mcp.prompts]]` and `mcp.unknown_tools`.
            pub mcp_surface: Arc<McpSurface>,
            /// Where systemd put this service's credentials (`$CREDENTIALS_DIRECTORY`).
            pub credentials_directory: Option<PathBuf>,
        }

        $(
            $(#[doc = $section_doc])+
            #[derive(Clone, Debug)]
            pub struct $Section { $( $(#[doc = $doc])+ pub $key: $type, )+ }

            impl $Section {
                fn read(from: &mut Reader<'_>) -> Option<Self> {
                    $( let $key = from.take(concat!($path, ".", stringify!($key)), &$rule); )+
                    Some(Self { $( $key: $key?, )+ })
                }
            }
        )+

        impl Settings {
            /// Reads every key, so that every fault is found; `None` if there was one.
            pub(super) fn read(
                from: &mut Reader<'_>,
                lists: Lists,
                credentials_directory: Option<PathBuf>,
            ) -> Option<Self> {
                $( let $root = from.take(stringify!($root), &$root_rule); )+
                $( let $section = $Section::read(from); )+
                Some(Self {
                    $( $root: $root?, )+
                    $( $section: $section?, )+
                    catalogue: lists.catalogue?,
                    api_surface: Arc::new(lists.api),
                    mcp_surface: Arc::new(lists.mcp),
                    credentials_directory,
                })
            }
        }

        /// Every section and key, in the order of the file.
        pub(super) fn sections() -> Vec<Section> {
            let root = Section {
                path: "",
                doc: &[],
                keys: vec![ $( Key::new::<$root_type>(
                    stringify!($root), stringify!($root), &[$($root_doc),+],
                    stringify!($root_default), &$root_rule,
                ), )+ ],
            };
            vec![root, $( Section {
                path: $path,
                doc: &[$($section_doc),+],
                keys: vec![ $( Key::new::<$type>(
                    concat!($path, ".", stringify!($key)), stringify!($key), &[$($doc),+],
                    stringify!($default), &$rule,
                ), )+ ],
            }, )+]
        }
    };
}

pub(super) use settings;
