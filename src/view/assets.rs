//! The files that pages refer to: style, script and mark.
//!
//! Each is served under a name that holds a checksum of its content, so it may be cached for good:
//! another content is another path.

use std::sync::LazyLock;

/// One embedded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The name by which templates ask for it, such as `style`.
    pub name: &'static str,
    /// Where it is served: `/assets/<name>-<checksum>.<extension>`.
    pub path: String,
    /// Its media type.
    pub content_type: &'static str,
    /// Its content.
    pub body: &'static [u8],
}

static ALL: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    vec![
        asset(
            "style",
            "css",
            "text/css; charset=utf-8",
            include_bytes!("../../templates/assets/style.css"),
        ),
        asset(
            "app",
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../templates/assets/app.js"),
        ),
        asset("mark", "svg", "image/svg+xml", include_bytes!("../../templates/assets/mark.svg")),
    ]
});

/// All assets.
#[must_use]
pub fn all() -> &'static [Asset] {
    &ALL
}

/// The asset served at `path`, if there is one.
#[must_use]
pub fn at(path: &str) -> Option<&'static Asset> {
    ALL.iter().find(|asset| asset.path == path)
}

/// The path of the asset that templates call `name`.
pub(in crate::view) fn path_of(name: &str) -> Option<&'static str> {
    ALL.iter().find(|asset| asset.name == name).map(|asset| asset.path.as_str())
}

fn asset(
    name: &'static str,
    extension: &str,
    content_type: &'static str,
    body: &'static [u8],
) -> Asset {
    let checksum = crc32fast::hash(body);
    Asset { name, path: format!("/assets/{name}-{checksum:08x}.{extension}"), content_type, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_asset_after_its_content() {
        for asset in all() {
            let checksum = format!("-{:08x}.", crc32fast::hash(asset.body));
            assert!(asset.path.starts_with("/assets/"), "{}", asset.path);
            assert!(asset.path.contains(&checksum), "{}", asset.path);
            assert_eq!(at(&asset.path), Some(asset));
        }
    }

    #[test]
    fn serves_nothing_else() {
        assert_eq!(at("/assets/style.css"), None);
        assert_eq!(at("/assets/../style.css"), None);
    }

    #[test]
    fn assets_ask_for_nothing_outside() {
        for asset in all() {
            let text = std::str::from_utf8(asset.body).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for outside in ["http:", "https:", "@import", "url("] {
                assert!(!text.contains(outside), "{} has {outside}", asset.path);
            }
        }
    }
}
