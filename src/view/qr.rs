//! A QR code as inline SVG, dark on white whatever the colour scheme: scanners need it so.

use std::fmt::Write;

use qrcode::Color;
use qrcode::EcLevel;
use qrcode::QrCode;
use qrcode::types::QrError;

/// Modules of white that a scanner needs around the code (ISO/IEC 18004).
const QUIET: usize = 4;

/// `content` as an image with the text alternative `label`, which is HTML already. Holds no style and no script.
pub(in crate::view) fn svg(content: &str, label: &str) -> Result<String, QrError> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M)?;
    let width = code.width();
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (row, modules) in code.to_colors().chunks(width).enumerate() {
        draw_row(&mut path, row + QUIET, modules);
    }
    Ok(format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// Appends one rectangle for each run of dark modules.
fn draw_row(path: &mut String, y: usize, modules: &[Color]) {
    let mut x = QUIET;
    for run in modules.chunk_by(|left, right| left == right) {
        let length = run.len();
        if run.first() == Some(&Color::Dark) {
            // Writing to a String cannot fail.
            let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
        }
        x += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_every_dark_module_inside_the_quiet_zone() {
        let content = "otpauth://totp/Countersign:a@b.example?secret=ABCDEFGH&issuer=Countersign";
        let image = svg(content, "QR code").unwrap();
        let code = QrCode::with_error_correction_level(content, EcLevel::M).unwrap();
        let dark = code.to_colors().iter().filter(|color| **color == Color::Dark).count();
        let drawn: usize = image
            .split(['M', 'z'])
            .filter_map(|run| run.split_once('h')?.1.split_once('v')?.0.parse::<usize>().ok())
            .sum();
        assert_eq!(drawn, dark);
        assert!(image.contains("M4 4h7v1h-7z"), "the finder pattern starts after the quiet zone");
    }

    #[test]
    fn is_an_image_with_a_name_and_without_style() {
        let image = svg("x", "A code").unwrap();
        assert!(image.contains("role=\"img\" aria-label=\"A code\""));
        assert!(!image.contains("style"));
    }

    #[test]
    fn refuses_what_no_code_can_hold() {
        assert!(svg(&"x".repeat(5000), "QR code").is_err());
    }
}
