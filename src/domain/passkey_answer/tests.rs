use ring::signature::Ed25519KeyPair;
use ring::signature::KeyPair as _;
use serde_json::Value;
use serde_json::json;

use super::*;
use crate::base::clock::Timestamp;
use crate::base::encoding::base64url;
use crate::base::id::RawId;

const CHALLENGE: &[u8] = b"what was asked";
const CREDENTIAL: &[u8] = b"a credential";
const BOTH: u8 = PRESENT | VERIFIED;

fn party() -> RelyingParty {
    RelyingParty { id: "cs.example".to_owned(), origin: "https://cs.example".to_owned() }
}

fn user() -> UserId {
    UserId::from_raw(RawId::from_bytes([7; 16]))
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap()
}

/// The key as a `COSE_Key`: type OKP, algorithm `EdDSA`, curve Ed25519.
fn cose() -> Vec<u8> {
    let head = [0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
    [&head[..], pair().public_key().as_ref()].concat()
}

fn kept(credential: &[u8], counter: u32) -> Passkey {
    Passkey {
        id: RawId::from_bytes([1; 16]),
        credential: base64url(credential),
        key: PublicKey::read(&cose()).unwrap().0,
        name: String::new(),
        added_at: Timestamp::from_seconds(1),
        used_at: None,
        counter,
        transports: Vec::new(),
    }
}

/// An authenticator and the browser around it; a test changes what they say.
struct Answer {
    /// Instead of the right ceremony.
    ceremony: Option<&'static str>,
    /// More members of the client data, or others.
    client: Value,
    party: &'static str,
    flags: u8,
    counter: u32,
    user_handle: Option<Vec<u8>>,
    /// What is told of it, beside the response.
    told: Value,
    /// Behind the attested key.
    behind: Vec<u8>,
    /// The credential in the attested data.
    attested: Vec<u8>,
    signed_by: Ed25519KeyPair,
}

fn answer() -> Answer {
    Answer {
        ceremony: None,
        client: json!({}),
        party: "cs.example",
        flags: BOTH,
        counter: 0,
        user_handle: Some(passkey::handle(&user()).to_vec()),
        told: json!({}),
        behind: Vec::new(),
        attested: CREDENTIAL.to_vec(),
        signed_by: pair(),
    }
}

fn merge(into: &mut Value, other: &Value) {
    for (name, value) in other.as_object().unwrap() {
        into[name] = value.clone();
    }
}

impl Answer {
    fn client_data(&self, ceremony: &str) -> Vec<u8> {
        let mut data = json!({
            "type": self.ceremony.unwrap_or(ceremony),
            "challenge": base64url(CHALLENGE),
            "origin": "https://cs.example",
        });
        merge(&mut data, &self.client);
        data.to_string().into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = digest::sha256(self.party.as_bytes()).to_vec();
        data.push(self.flags | flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn told(&self, response: &Value) -> String {
        let id = base64url(CREDENTIAL);
        let mut told = json!({ "id": id, "rawId": id, "type": "public-key", "response": response });
        merge(&mut told, &self.told);
        told.to_string()
    }

    fn proof(&self) -> String {
        let (client, data) = (self.client_data("webauthn.get"), self.data(0));
        let signed = [&data[..], &digest::sha256(&client)].concat();
        self.told(&json!({
            "clientDataJSON": base64url(&client),
            "authenticatorData": base64url(&data),
            "signature": base64url(self.signed_by.sign(&signed).as_ref()),
            "userHandle": self.user_handle.as_deref().map(base64url),
        }))
    }

    fn made_with(&self, flags: u8) -> String {
        let mut data = self.data(flags);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.attested.len()).unwrap().to_be_bytes());
        data.extend(&self.attested);
        data.extend(cose());
        data.extend(&self.behind);
        // {"fmt": "none", "attStmt": {}, "authData": …}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(&data);
        self.told(&json!({
            "clientDataJSON": base64url(&self.client_data("webauthn.create")),
            "attestationObject": base64url(&object),
            "transports": ["internal", "made up"],
        }))
    }

    fn made(&self) -> String {
        self.made_with(ATTESTED)
    }
}

fn check_with(answer: &Answer, passkeys: &[Passkey]) -> Result<(usize, u32), PasskeyFault> {
    Assertion::read(&answer.proof()).unwrap().check(&party(), user(), passkeys)
}

fn check(answer: &Answer) -> Result<(usize, u32), PasskeyFault> {
    check_with(answer, &[kept(CREDENTIAL, 0)])
}

fn check_new(answer: &Answer) -> Result<MadePasskey, PasskeyFault> {
    NewPasskey::read(&answer.made()).unwrap().check(&party())
}

/// What is wrong whether a passkey proves who is there or is new.
fn both(answer: &Answer) -> PasskeyFault {
    let fault = check(answer).unwrap_err();
    assert_eq!(check_new(answer).unwrap_err(), fault);
    fault
}

#[test]
fn a_passkey_proves_who_is_there_and_says_which_it_was() {
    let others = [kept(b"another", 9), kept(CREDENTIAL, 4)];
    let told = Assertion::read(&Answer { counter: 5, ..answer() }.proof()).unwrap();
    assert_eq!(told.challenge(), CHALLENGE);
    assert_eq!(told.check(&party(), user(), &others), Ok((1, 5)));
    // Authenticators may leave out whose it is.
    assert_eq!(check(&Answer { user_handle: None, ..answer() }), Ok((0, 0)));
}

#[test]
fn a_new_passkey_is_taken_as_it_was_made() {
    let made = Answer { counter: 6, ..answer() };
    let told = NewPasskey::read(&made.made()).unwrap();
    assert_eq!(told.challenge(), CHALLENGE);
    let made = told.check(&party()).unwrap();
    assert_eq!(made.credential, base64url(CREDENTIAL));
    assert_eq!(made.key, kept(CREDENTIAL, 0).key);
    assert_eq!((made.counter, made.transports), (6, vec!["internal".to_owned()]));
}

#[test]
fn refuses_a_passkey_that_is_not_the_persons() {
    let theirs = [kept(b"another", 0)];
    assert_eq!(check_with(&answer(), &theirs), Err(PasskeyFault::NotTheirs));
    let handle = |bytes: &[u8]| Answer { user_handle: Some(bytes.to_vec()), ..answer() };
    assert_eq!(check(&handle(&[8; 16])), Err(PasskeyFault::NotTheirs));
    assert_eq!(check(&handle(&[])), Err(PasskeyFault::NotTheirs));
}

#[test]
fn refuses_the_answer_to_the_other_ceremony() {
    for ceremony in ["webauthn.create", "webauthn.get", "payment.get", ""] {
        let answer = Answer { ceremony: Some(ceremony), ..answer() };
        let (proof, new) = (check(&answer).err(), check_new(&answer).err());
        let wrong = Some(PasskeyFault::Ceremony);
        assert_eq!(proof, wrong.filter(|_| ceremony != "webauthn.get"), "{ceremony}");
        assert_eq!(new, wrong.filter(|_| ceremony != "webauthn.create"), "{ceremony}");
    }
}

#[test]
fn refuses_what_was_answered_on_another_page_or_inside_one() {
    for client in [
        json!({ "origin": "https://evil.example" }),
        json!({ "origin": "https://cs.example:8443" }),
        json!({ "crossOrigin": true }),
        json!({ "topOrigin": "https://cs.example" }),
    ] {
        let told = client.to_string();
        assert_eq!(both(&Answer { client, ..answer() }), PasskeyFault::Origin, "{told}");
    }
    assert!(check(&Answer { client: json!({ "crossOrigin": false }), ..answer() }).is_ok());
}

#[test]
fn refuses_what_was_made_for_another_host() {
    let fault = both(&Answer { party: "evil.example", ..answer() });
    assert_eq!(fault, PasskeyFault::RelyingParty);
}

#[test]
fn refuses_an_authenticator_that_did_not_see_and_verify_the_person() {
    for flags in [0, PRESENT, VERIFIED, 1 << 1 | PRESENT] {
        let fault = both(&Answer { flags, ..answer() });
        assert_eq!(fault, PasskeyFault::NotVerified, "{flags:#b}");
    }
}

#[test]
fn the_bits_are_those_of_the_standard() {
    // WebAuthn section 6.1: UP, UV, BE, BS, AT, ED are bits 0, 2, 3, 4, 6 and 7.
    let bits = [PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED, EXTENDED];
    assert_eq!(bits, [0x01, 0x04, 0x08, 0x10, 0x40, 0x80]);
}

#[test]
fn refuses_a_copy_in_the_cloud_of_what_cannot_be_copied() {
    let backed = |more: u8| Answer { flags: BOTH | more, ..answer() };
    assert_eq!(both(&backed(BACKED_UP)), PasskeyFault::Malformed);
    for sound in [BACKUP_ELIGIBLE, BACKUP_ELIGIBLE | BACKED_UP] {
        assert!(check(&backed(sound)).is_ok() && check_new(&backed(sound)).is_ok(), "{sound}");
    }
}

#[test]
fn refuses_what_another_key_signed() {
    let signed_by = Ed25519KeyPair::from_seed_unchecked(&[4; 32]).unwrap();
    assert_eq!(check(&Answer { signed_by, ..answer() }), Err(PasskeyFault::Signature));
}

#[test]
fn refuses_a_count_that_did_not_go_up() {
    let counted = |counter: u32, kept_counter: u32| {
        check_with(&Answer { counter, ..answer() }, &[kept(CREDENTIAL, kept_counter)])
    };
    assert_eq!(counted(0, 0), Ok((0, 0)));
    assert_eq!(counted(1, 0), Ok((0, 1)));
    assert_eq!(counted(0x0102_0304, 0x0102_0303), Ok((0, 0x0102_0304)));
    for (counter, kept_counter) in [(0, 1), (1, 1), (4, 5), (5, 5)] {
        assert_eq!(counted(counter, kept_counter), Err(PasskeyFault::Counter), "{counter}");
    }
}

#[test]
fn reads_nothing_that_is_no_answer_of_a_browser() {
    let unreadable = |answer: &Answer| {
        Assertion::read(&answer.proof()).is_none() && NewPasskey::read(&answer.made()).is_none()
    };
    assert!(!unreadable(&answer()));
    for told in [
        json!({ "type": "password" }),
        json!({ "rawId": base64url(b"another") }),
        json!({ "id": base64url(b"another") }),
        json!({ "response": {} }),
    ] {
        let shown = told.to_string();
        assert!(unreadable(&Answer { told, ..answer() }), "{shown}");
    }
    for client in [json!({ "challenge": "not base64url!" }), json!({ "origin": 3 })] {
        let shown = client.to_string();
        assert!(unreadable(&Answer { client, ..answer() }), "{shown}");
    }
}

#[test]
fn reads_nothing_that_is_longer_than_any_answer() {
    let long = |bytes: usize| {
        let mut told = answer().proof();
        told.push_str(&" ".repeat(bytes - told.len()));
        Assertion::read(&told).is_some()
    };
    assert!(long(32 * 1024) && !long(32 * 1024 + 1));
}

#[test]
fn authenticator_data_that_is_cut_off_is_no_answer() {
    let cut = |length: usize| {
        let mut told: Value = serde_json::from_str(&answer().proof()).unwrap();
        let data = answer().data(0);
        told["response"]["authenticatorData"] = base64url(&data[..length]).into();
        Assertion::read(&told.to_string()).unwrap().check(&party(), user(), &[kept(CREDENTIAL, 0)])
    };
    for length in [0, 31, 32, 33, 36] {
        assert_eq!(cut(length), Err(PasskeyFault::Malformed), "{length}");
    }
    assert_eq!(cut(37), Ok((0, 0)));
}

#[test]
fn a_new_passkey_is_attested_whole_and_under_its_own_name() {
    let malformed = |answer: &Answer, flags: u8| {
        let told = NewPasskey::read(&answer.made_with(flags)).unwrap();
        told.check(&party()) == Err(PasskeyFault::Malformed)
    };
    assert!(!malformed(&answer(), ATTESTED));
    // Not said to be there.
    assert!(malformed(&answer(), 0));
    // Extensions that are said to be there are, and no others.
    let behind = Answer { behind: vec![0xa0], ..answer() };
    assert!(malformed(&behind, ATTESTED) && !malformed(&behind, ATTESTED | EXTENDED));
    assert!(malformed(&answer(), ATTESTED | EXTENDED));
    // Attested under another name than it is told by.
    assert!(malformed(&Answer { attested: b"another".to_vec(), ..answer() }, ATTESTED));
}

#[test]
fn the_name_of_a_new_passkey_is_no_longer_than_the_standard_allows() {
    let named = |length: usize| {
        let credential = vec![7; length];
        let told = json!({ "id": base64url(&credential), "rawId": base64url(&credential) });
        check_new(&Answer { told, attested: credential, ..answer() })
    };
    assert!(named(1).is_ok() && named(1023).is_ok());
    assert_eq!(named(0), Err(PasskeyFault::Malformed));
    assert_eq!(named(1024), Err(PasskeyFault::Malformed));
}
