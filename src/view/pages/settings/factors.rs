//! The pages that change a person's own password and factors.

use serde::Serialize;

use crate::view::pages::CodeError;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// `/settings/security/password`: posts `csrf`, `current_password`, `new_password`,
/// `new_password_again` and `code` to itself.
#[derive(Clone, Serialize)]
pub struct ChangePassword {
    /// The frame.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// The account's address, for password managers.
    pub email: String,
    /// What was wrong.
    pub mistakes: Mistakes,
}

/// `/settings/security/passkeys/add`: posts `csrf`, `name`, `credential` (what the browser made, as
/// JSON; filled by the script) and `code` to itself. Making a passkey needs JavaScript.
#[derive(Clone, Serialize)]
pub struct AddPasskey {
    /// The frame.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// `PublicKeyCredentialCreationOptions` as JSON.
    pub options: String,
    /// What the person calls it.
    pub name: String,
    /// The browser's answer was not taken.
    pub not_taken: bool,
    /// What was wrong.
    pub mistakes: Mistakes,
}

/// `/settings/security/totp`: posts `csrf`, `seed`, `code` (a proof by a factor that is there
/// already) and `new_code` (from the app that is added) to itself.
#[derive(Clone, Serialize)]
pub struct AddTotp {
    /// The frame.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// The name of the key, so that a page shown again shows the same one.
    pub seed: String,
    /// The address that the QR code holds.
    pub otpauth_uri: String,
    /// The same key in base32, for typing.
    pub secret: String,
    /// It replaces the app that is there.
    pub replaces: bool,
    /// Why the new app's code was not taken.
    pub new_code: Option<CodeError>,
    /// What was wrong with the proof.
    pub mistakes: Mistakes,
}

impl Page for ChangePassword {
    const TEMPLATE: &'static str = "settings/change_password.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let form = Self {
            frame: sample::frame(Section::Security),
            csrf: sample::csrf(),
            email: "owner@acme.example".to_owned(),
            mistakes: Mistakes::default(),
        };
        let each = Problem::ALL.map(|problem| (Field::NewPassword, problem));
        let all = Self { mistakes: Mistakes::fields(each), ..form.clone() };
        let wrong = Self {
            mistakes: Mistakes {
                code: Some(CodeError::Wrong),
                ..Mistakes::fields([
                    (Field::CurrentPassword, Problem::PasswordWrong),
                    (Field::NewPasswordAgain, Problem::PasswordsDiffer),
                ])
            },
            ..form.clone()
        };
        vec![("form", form), ("wrong", wrong), ("every-problem", all)]
    }
}

impl Page for AddPasskey {
    const TEMPLATE: &'static str = "settings/add_passkey.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let form = Self {
            frame: sample::frame(Section::Security),
            csrf: sample::csrf(),
            options: r#"{"challenge":"c2FtcGxl","rp":{"name":"Countersign"}}"#.to_owned(),
            name: String::new(),
            not_taken: false,
            mistakes: Mistakes::default(),
        };
        let not_taken = Self { not_taken: true, name: "Laptop".to_owned(), ..form.clone() };
        let wrong = Self {
            mistakes: Mistakes {
                code: Some(CodeError::Wrong),
                ..Mistakes::fields([(Field::Name, Problem::Missing)])
            },
            ..form.clone()
        };
        vec![("form", form), ("not-taken", not_taken), ("wrong", wrong)]
    }
}

impl Page for AddTotp {
    const TEMPLATE: &'static str = "settings/add_totp.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let form = Self {
            frame: sample::frame(Section::Security),
            csrf: sample::csrf(),
            seed: "Sample-seed".to_owned(),
            otpauth_uri: "otpauth://totp/Countersign:owner%40acme.example\
                          ?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Countersign"
                .to_owned(),
            secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".to_owned(),
            replaces: false,
            new_code: None,
            mistakes: Mistakes::default(),
        };
        let replaces = Self {
            replaces: true,
            new_code: Some(CodeError::Wrong),
            mistakes: Mistakes::code(CodeError::Missing),
            ..form.clone()
        };
        vec![("add", form), ("replace-wrong", replaces)]
    }
}
