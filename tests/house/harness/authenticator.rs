//! A software authenticator, and the browser around it: makes passkeys and proves who is there, in
//! every way that a page may be answered.

use ciborium::Value as Cbor;
use countersign::base::encoding::base64url;
use countersign::base::encoding::base64url_decode;
use countersign::crypto::digest::sha256;
use countersign::domain::audit::Origin;
use countersign::ops::confirming::Confirming;
use countersign::ops::prove_factor::Proof;
use countersign::ops::sessions::LiveSession;
use ring::rand::SystemRandom;
use ring::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
use ring::signature::EcdsaKeyPair;
use ring::signature::KeyPair as _;
use serde_json::Value;
use serde_json::json;

use crate::harness::Browser;
use crate::harness::ISSUER;

pub const PRESENT: u8 = 1;
pub const VERIFIED: u8 = 1 << 2;
const ATTESTED: u8 = 1 << 6;

/// One passkey of somebody, and what its browser says. A test changes a field to answer wrongly.
pub struct Authenticator {
    pub key: EcdsaKeyPair,
    pub credential: Vec<u8>,
    pub user_handle: Option<String>,
    pub counter: u32,
    pub origin: String,
    pub party: String,
    pub flags: u8,
    /// Instead of what was asked for.
    pub ceremony: Option<&'static str>,
    /// More members of the client data.
    pub more: Value,
    pub attestation: &'static str,
}

#[expect(clippy::disallowed_methods, reason = "a test's key is as random as it likes")]
fn random() -> SystemRandom {
    SystemRandom::new()
}

impl Default for Authenticator {
    fn default() -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, random());
        let made = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(kind, made.as_ref(), &random).unwrap();
        Self {
            credential: sha256(key.public_key().as_ref())[..20].to_vec(),
            key,
            user_handle: None,
            counter: 0,
            origin: ISSUER.to_owned(),
            party: ISSUER.strip_prefix("https://").unwrap().to_owned(),
            flags: PRESENT | VERIFIED,
            ceremony: None,
            more: json!({"crossOrigin": false}),
            attestation: "none",
        }
    }
}

impl Authenticator {
    /// `navigator.credentials.create()`, as the browser's JSON.
    pub fn create(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["attestation"], "none");
        self.user_handle = Some(options["user"]["id"].as_str().unwrap().to_owned());
        let mut data = self.authenticator_data(ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential.len()).unwrap().to_be_bytes());
        data.extend(&self.credential);
        data.extend(self.cose());
        let statement = Cbor::Map(vec![
            ("fmt".into(), self.attestation.into()),
            ("attStmt".into(), Cbor::Map(Vec::new())),
            ("authData".into(), Cbor::Bytes(data)),
        ]);
        self.answer(&json!({
            "clientDataJSON": base64url(&self.client_data("webauthn.create", &options)),
            "attestationObject": base64url(&cbor(&statement)),
            "transports": ["internal", "hybrid"],
        }))
    }

    /// `navigator.credentials.get()`, as the browser's JSON.
    pub fn get(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        assert_eq!(options["userVerification"], "required");
        self.counter += 1;
        self.sign(&options)
    }

    fn sign(&self, options: &Value) -> String {
        let (data, client) =
            (self.authenticator_data(0), self.client_data("webauthn.get", options));
        let signed = [&data[..], &sha256(&client)].concat();
        let signature = self.key.sign(&random(), &signed).unwrap();
        self.answer(&json!({
            "clientDataJSON": base64url(&client),
            "authenticatorData": base64url(&data),
            "signature": base64url(signature.as_ref()),
            "userHandle": self.user_handle,
        }))
    }

    fn answer(&self, response: &Value) -> String {
        let id = base64url(&self.credential);
        let answer = json!({
            "id": id, "rawId": id, "type": "public-key", "response": response,
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
        });
        answer.to_string()
    }

    fn client_data(&self, ceremony: &str, options: &Value) -> Vec<u8> {
        let mut data = self.more.clone();
        data["type"] = self.ceremony.unwrap_or(ceremony).into();
        data["challenge"] = options["challenge"].clone();
        data["origin"] = self.origin.clone().into();
        data.to_string().into_bytes()
    }

    fn authenticator_data(&self, more: u8) -> Vec<u8> {
        let mut data = sha256(self.party.as_bytes()).to_vec();
        data.push(self.flags | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn cose(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let (x, y) = (Cbor::from(&point[1..33]), Cbor::from(&point[33..]));
        cbor(&Cbor::Map(vec![
            (1.into(), 2.into()),
            (3.into(), (-7).into()),
            ((-1).into(), 1.into()),
            ((-2).into(), x),
            ((-3).into(), y),
        ]))
    }
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// What the page asks a passkey; none if it takes none.
pub fn asked(page: &str) -> Option<String> {
    of_attribute(page, "data-passkey-get")
}

/// What the page asks a browser that makes a passkey.
pub fn asked_to_make(page: &str) -> Option<String> {
    of_attribute(page, "data-passkey-create")
}

fn of_attribute(page: &str, name: &str) -> Option<String> {
    let after = page.split_once(&format!("{name}=\""))?.1;
    let text = after.split_once('"')?.0;
    Some(text.replace("&quot;", "\"").replace("&#x2f;", "/").replace("&amp;", "&"))
}

/// The answer with one of its parts changed in one bit.
pub fn with_a_bit_flipped(answer: &str, part: &str) -> String {
    let mut answer: Value = serde_json::from_str(answer).unwrap();
    let text = answer["response"][part].as_str().unwrap().to_owned();
    let mut bytes = base64url_decode(&text).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    answer["response"][part] = base64url(&bytes).into();
    answer.to_string()
}

/// The pages of one's own security.
pub const SECURITY: &str = "/settings/security";
/// The page that adds a passkey.
pub const ADD_PASSKEY: &str = "/settings/security/passkeys/add";

impl Browser<'_> {
    /// The session of whoever is signed in here.
    pub fn live(&self) -> LiveSession {
        self.house.ops.session(&self.cookies["__Host-cs_session"]).unwrap().unwrap()
    }

    /// Whoever is signed in here, proving what is posted to `path`.
    pub fn confirming(&self, path: &str, proof: Proof) -> Confirming {
        let mark = self.house.ops.browser_mark(&self.cookies["__Host-cs_browser"]);
        Confirming::new(&self.live(), mark, path, proof, Origin::default())
    }

    /// Adds a passkey for `name`, who is signed in here.
    pub async fn add_passkey(&mut self, name: &str) -> Authenticator {
        let mut made = Authenticator::default();
        let page = self.get(ADD_PASSKEY).await;
        let credential = made.create(&asked_to_make(&page.body).unwrap());
        let code = self.house.next_code(name);
        let fields =
            [("name", "Laptop"), ("credential", credential.as_str()), ("code", code.as_str())];
        let added = self.submit(&page, ADD_PASSKEY, &fields).await;
        assert_eq!(added.location(), SECURITY);
        made
    }
}
