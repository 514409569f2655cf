//! A backup of the built server while it is at work, and what a restore of it brings back.

use std::sync::Mutex;

use serde_json::json;

use super::*;

/// What the clients were told to be done, each in its order.
struct Done {
    /// Names of apps, by client.
    apps: Vec<Mutex<Vec<String>>>,
    /// Access tokens.
    tokens: Mutex<Vec<String>>,
    over: AtomicBool,
}

impl Done {
    fn new(makers: usize) -> Self {
        let apps = (0..makers).map(|_| Mutex::default()).collect();
        Self { apps, tokens: Mutex::default(), over: AtomicBool::new(false) }
    }

    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    fn apps(&self) -> Vec<Vec<String>> {
        self.apps.iter().map(|apps| apps.lock().unwrap().clone()).collect()
    }

    fn tokens(&self) -> Vec<String> {
        self.tokens.lock().unwrap().clone()
    }

    /// Makes apps over the admin socket, one after the other.
    fn make_apps(&self, manager: &Manager, client: usize) {
        let mut number = 0;
        while self.goes_on() {
            let name = format!("App {client}-{number}");
            let of_acme = ["--kind", "api-credentials", "--name", &name, "--company", "acme"];
            app(manager, &[&of_acme[..], &RIGHTS].concat());
            self.apps[client].lock().unwrap().push(name);
            number += 1;
        }
    }

    /// Issues tokens over TLS, one after the other.
    fn issue_tokens(&self, client: &Client, form: &str) {
        while self.goes_on() {
            let answer = client.post("/oauth/token", form).unwrap();
            let token = answer["access_token"].as_str().unwrap().to_owned();
            self.tokens.lock().unwrap().push(token);
        }
    }

    /// Until every client has done so many things more.
    fn wait_for(&self, more: usize) {
        let (apps, tokens) = (self.apps(), self.tokens().len());
        for _ in 0..PATIENCE.as_millis() / 5 {
            let now = self.apps();
            let worked = apps.iter().zip(&now).all(|(was, is)| is.len() >= was.len() + more);
            if worked && self.tokens().len() >= tokens + more {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!self.goes_on(), "the clients do nothing");
    }
}

/// Clients stop when this is dropped, whatever happened.
struct Working<'a>(&'a Done);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

const RIGHTS: [&str; 4] = ["--scope", "customers:readonly", "--delegated-by", "o@acme.example"];

/// The rows of a list.
fn rows(manager: &Manager, args: &[&str]) -> Vec<Value> {
    manager.command(args).as_array().unwrap().clone()
}

fn api_token(manager: &Manager, name: &str) -> (String, String) {
    let args = ["token", "create", "--company", "acme", "--name", name];
    let rights = ["--scope", "customers:readonly", "--as", "o@acme.example"];
    let made = manager.command(&[&args[..], &rights].concat());
    let text = |member: &str| made[member].as_str().unwrap().to_owned();
    (text("client_id"), text("token"))
}

fn is_active(client: &Client, token: &str, asking: &str) -> Value {
    let form = format!("token={token}&{asking}");
    client.post("/oauth/introspect", &form).unwrap()["active"].clone()
}

#[test]
fn a_backup_under_load_is_one_cut_that_holds_what_was_done_before_it_and_a_restore_ends_what_must_end()
 {
    const MAKERS: usize = 2;
    let manager = Manager::new();
    manager.command(&["init", "--email", "o@acme.example", "--name", "Olive", "--company", "Acme"]);
    let of_acme = ["--kind", "api-credentials", "--name", "Load", "--company", "acme"];
    let credentials = app(&manager, &[&of_acme[..], &RIGHTS].concat());
    let asking = app(&manager, &["--kind", "resource-server", "--name", "Ledger"]);
    let (kept, later, earlier) = (
        api_token(&manager, "Kept"),
        api_token(&manager, "Revoked later"),
        api_token(&manager, "Revoked earlier"),
    );
    manager.command(&["token", "revoke", &earlier.0]);

    let server = manager.start(&[]);
    assert!(manager.heard().starts_with("READY=1"));
    let (client, done) = (manager.client(), Done::new(MAKERS));
    let form = format!("grant_type=client_credentials&{credentials}");
    let (before, tokens, file) = std::thread::scope(|threads| {
        let working = Working(&done);
        for maker in 0..MAKERS {
            let (done, manager) = (&done, &manager);
            threads.spawn(move || done.make_apps(manager, maker));
        }
        threads.spawn(|| done.issue_tokens(&client, &form));
        // One during which others were at work, however slow the machine is.
        let found = (1..=100).find_map(|number| {
            done.wait_for(2);
            let (apps, tokens) = (done.apps(), done.tokens());
            let file = format!("{number}.backup");
            manager.command(&["backup", "create", "--output", &file]);
            let meanwhile = done.apps() != apps && done.tokens().len() > tokens.len();
            meanwhile.then_some((apps, tokens, file))
        });
        done.wait_for(2);
        drop(working);
        found.expect("nobody was at work during any of the backups")
    });
    manager.command(&["token", "revoke", &later.0]);
    for token in [&tokens[0], &kept.1] {
        assert_eq!(is_active(&client, token, &asking), true);
    }
    server.stop();
    assert!(manager.heard().starts_with("STOPPING=1"));

    let row = manager.command(&["restore", &file]);
    assert_eq!(row["unread"], Value::Null, "{row}");
    let verdict = manager.command(&["audit", "verify"]);
    assert_eq!((&verdict["intact"], &verdict["restores"]), (&json!(true), &json!([row["entry"]])));

    let apps = rows(&manager, &["app", "list"]);
    let named = |name: &str| apps.iter().any(|app| app["name"] == *name);
    let after = done.apps();
    for (client, before) in before.iter().enumerate() {
        let restored: Vec<_> = after[client].iter().map(|name| named(name)).collect();
        let many = restored.iter().filter(|there| **there).count();
        assert!(many >= before.len(), "client {client}: what was acknowledged before it is there");
        assert!(restored.is_sorted_by(|one, next| one >= next), "one cut: {restored:?}");
        assert!(!restored.last().unwrap(), "what came long after it is not");
    }
    let entries = rows(&manager, &["audit", "list", "--limit", "100000"]);
    let created = entries.iter().filter(|entry| entry["kind"] == "app_created").count();
    assert_eq!(created, apps.len(), "each app with its entry");

    let server = manager.start(&[]);
    assert!(manager.heard().starts_with("READY=1"));
    let client = manager.client();
    for token in tokens.iter().chain([&later.1, &earlier.1]) {
        assert_eq!(is_active(&client, token, &asking), false, "{token}");
    }
    assert_eq!(is_active(&client, &kept.1, &asking), true, "an API token that nobody revoked");
    let fresh = client.post("/oauth/token", &form).unwrap();
    assert_eq!(is_active(&client, fresh["access_token"].as_str().unwrap(), &asking), true);
    server.stop();
}

#[test]
fn keys_that_are_rotated_under_load_lose_no_token_and_no_secret() {
    let manager = Manager::new();
    manager.command(&["init", "--email", "o@acme.example", "--name", "Olive", "--company", "Acme"]);
    let of_acme = ["--kind", "api-credentials", "--name", "Load", "--company", "acme"];
    let credentials = app(&manager, &[&of_acme[..], &RIGHTS].concat());
    let asking = app(&manager, &["--kind", "resource-server", "--name", "Ledger"]);
    let server = manager.start(&[]);
    assert!(manager.heard().starts_with("READY=1"));
    let (client, done) = (manager.client(), Done::new(1));
    let form = format!("grant_type=client_credentials&{credentials}");
    std::thread::scope(|threads| {
        let working = Working(&done);
        threads.spawn(|| done.make_apps(&manager, 0));
        for _ in 0..2 {
            threads.spawn(|| done.issue_tokens(&client, &form));
        }
        for version in 2..=4 {
            done.wait_for(2);
            let rotated = manager.command(&["key", "rotate"]);
            assert_eq!(rotated["token_key_version"], version);
        }
        done.wait_for(2);
        drop(working);
    });
    let all_work = |client: &Client| {
        for token in done.tokens() {
            assert_eq!(is_active(client, &token, &asking), true, "{token}");
        }
        client.post("/oauth/token", &form).unwrap();
    };
    all_work(&client);
    server.stop();
    assert!(manager.heard().starts_with("STOPPING=1"));
    assert_eq!(manager.command(&["audit", "verify"])["intact"], true);
    let server = manager.start(&[]);
    assert!(manager.heard().starts_with("READY=1"));
    all_work(&manager.client());
    server.stop();
}
