//! A certificate from Pebble, the ACME server that Let's Encrypt tests clients with. It comes with Debian
//! (`apt-get install pebble`); it refuses some nonces by itself.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;

use crate::authority::Authority;
use crate::authority::HOST;
use crate::program;
use crate::program::Program;

/// Stopped when dropped.
struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn beside(program: &str, args: &[&str]) -> Beside {
    let mut command = Command::new(program);
    command.args(args).env("PEBBLE_VA_NOSLEEP", "1").stdout(Stdio::null()).stderr(Stdio::null());
    Beside(command.spawn().unwrap())
}

/// A port that nobody uses at this moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Pebble in `folder`, which looks at names at the port `target`; the URL of its directory.
fn pebble(folder: &Path, target: u16) -> (Vec<Beside>, String) {
    let authority = Authority::new("Pebble's own");
    let own = authority.issue("localhost");
    let path = |file: &str| folder.join(file).display().to_string();
    fs::write(path("trusted.pem"), authority.root_pem()).unwrap();
    fs::write(path("pebble.pem"), &own.certificate).unwrap();
    fs::write(path("pebble-key.pem"), &own.key).unwrap();
    let (port, names, management) = (free_port(), free_port(), free_port());
    let config = json!({"pebble": {
        "listenAddress": format!("127.0.0.1:{port}"),
        "managementListenAddress": format!("127.0.0.1:{management}"),
        "certificate": path("pebble.pem"),
        "privateKey": path("pebble-key.pem"),
        "httpPort": target,
        "tlsPort": target,
    }});
    fs::write(path("pebble.json"), config.to_string()).unwrap();
    let names = format!("127.0.0.1:{names}");
    let resolver = ["-dns01", &names, "-http01", "", "-https01", "", "-tlsalpn01", ""];
    let resolver = [&resolver[..], &["-management", "127.0.0.1:0", "-defaultIPv6", ""]].concat();
    let running = vec![
        beside("pebble-challtestsrv", &resolver),
        beside("pebble", &["-config", &path("pebble.json"), "-dnsserver", &names]),
    ];
    program::until("Pebble", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    (running, format!("https://localhost:{port}/dir"))
}

#[test]
#[ignore = "needs the Debian package pebble"]
fn pebble_issues_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let (_running, directory) = pebble(folder.path(), port);
    let settings = [
        "tls.mode=acme".to_owned(),
        "tls.acme.accept_terms=true".to_owned(),
        format!("tls.acme.directory={directory}"),
        format!("outbound.ca_file={}", folder.path().join("trusted.pem").display()),
        format!("server.listen=127.0.0.1:{port}"),
    ];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let program = Program::serve(folder.path(), &settings);
    program.logged("the ACME server issued a certificate");
    program.logged("a new certificate is in use");
    let show = ["tls", "show", "--json", "--set", "tls.mode=acme"];
    let shown = program::run(
        folder.path(),
        &[&show[..], &["--set", "tls.acme.accept_terms=true"]].concat(),
    );
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert!(shown["issuer"].as_str().unwrap().contains("Pebble"), "{shown}");
    assert_eq!(shown["names"][0], HOST);
    assert_eq!(shown["problem"], Value::Null);
}
