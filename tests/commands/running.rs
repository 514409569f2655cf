//! Commands while the server runs: over its admin socket, with the same answers as on the file.

use std::collections::BTreeSet;
use std::fs;
use std::fs::Permissions;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::getegid;
use rustix::process::geteuid;
use rustix::process::kill_process;
use serde_json::Value;

use crate::Folder;
use crate::INIT;
use crate::ran;

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
const ERR: u8 = 3;
const ASK: u8 = 4;
const ASK_HIDDEN: u8 = 5;
const NEW_FILE: u8 = 7;
const FILE_BYTES: u8 = 8;
const DONE: u8 = 10;
const FAILED: u8 = 11;
const STATUS: u8 = 12;
const HEARD: u8 = 13;
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A server that runs; it stops when this is dropped.
pub struct Server(Child);

impl Server {
    pub fn over(folder: &Folder) -> Self {
        Self::with(folder, &[])
    }

    /// With settings of its own, as `--set` takes them.
    pub fn with(folder: &Folder, settings: &[&str]) -> Self {
        let set = settings.iter().flat_map(|setting| ["--set", *setting]);
        let args: Vec<&str> = SERVE.into_iter().chain(set).collect();
        Self::started(folder, folder.command(&args))
    }

    /// As `command` starts it.
    fn started(folder: &Folder, mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(fs::File::create(folder.path("log")).unwrap());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let log = || fs::read_to_string(folder.path("log")).unwrap();
        assert!(line.starts_with("Countersign serves"), "{line}{}", log());
        // Its other lines are read, so that it never waits for somebody to read them.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self(child)
    }

    pub fn stop(mut self) -> bool {
        self.signal(Signal::TERM);
        self.0.wait().unwrap().success()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// The port on which it listens, as the kernel tells it.
    pub fn port(&self) -> u16 {
        let process = self.0.id();
        let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
        let links = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        let sockets: Vec<String> = links
            .filter_map(|to| {
                to.to_str()?.strip_prefix("socket:[")?.strip_suffix(']').map(Into::into)
            })
            .collect();
        let table = fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap();
        let port = table.lines().skip(1).find_map(|line| {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let listens = cells[3] == "0A" && sockets.iter().any(|socket| socket == cells[9]);
            listens.then(|| u16::from_str_radix(cells[1].rsplit(':').next().unwrap(), 16).unwrap())
        });
        port.unwrap()
    }

    /// Waits until its log says `text`.
    pub fn logged(folder: &Folder, text: &str) {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let log = fs::read_to_string(folder.path("log")).unwrap();
            if log.contains(text) {
                return;
            }
            assert!(Instant::now() < until, "waited in vain for: {text}\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is said with ids, secrets, times and sizes of any kind replaced, and columns of any width.
fn shape(text: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "_-:.+/=".contains(c);
    let mut shape = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if is_part(first) {
            rest.find(|c| !is_part(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (part, after) = rest.split_at(length);
        match part {
            _ if shape.ends_with('…') || shape.ends_with("last_four\":\"") => shape.push('#'),
            _ if part.contains(|c: char| c.is_ascii_digit()) => shape.push('#'),
            " " if shape.ends_with([' ', '\n']) => {}
            "─" | "-" => {}
            _ => shape.push_str(part),
        }
        rest = after;
    }
    shape
}

/// Every command that a running server runs, in an order in which each has what it needs. A word in
/// braces is a member of the JSON that a command before it answered.
const SCRIPT: &[&str] = &[
    "init --email owner@acme.example --name Olive --company Acme --slug acme",
    "company create --name Books --slug books --environment test",
    "company list",
    "company show acme",
    "firm create --name Ledgerwise",
    "firm list",
    "firm show ledgerwise",
    "company link acme --firm ledgerwise",
    "company confide acme --off",
    "user create --email vera@acme.example --name Vera",
    "user list",
    "user show vera@acme.example",
    "user show nobody@acme.example",
    "user disable vera@acme.example",
    "user enable vera@acme.example",
    "user link vera@acme.example",
    "role list",
    "role show owner",
    "role grant viewer --user vera@acme.example --company acme",
    "role grant nothing --user vera@acme.example --company acme",
    "role remove --user vera@acme.example --company acme",
    "user erase vera@acme.example",
    "app create --kind oauth-public --name Till --redirect-uri http://127.0.0.1/callback",
    "app list",
    "app show {client_id}",
    "company block acme {client_id} --reason unknown",
    "company blocks acme",
    "company unblock acme {client_id}",
    "company reach acme",
    "app create --kind api-credentials --name Sync --company acme --scope customers:readonly --delegated-by owner@acme.example",
    "app rotate {client_id} --overlap hour",
    "app review {client_id}",
    "app take-over {client_id} --as owner@acme.example",
    "app revoke {client_id}",
    "app restore {client_id}",
    "app delete {client_id}",
    "app registration-token create --name Fleet",
    "app registration-token list",
    "app registration-token revoke {id}",
    "webhook create --company acme --url https://hooks.acme.example/in",
    "webhook list",
    "webhook show {id}",
    "webhook deliveries {id}",
    "webhook enable {id}",
    "webhook retry {id}",
    "webhook rotate {id}",
    "webhook delete {id}",
    "connection list",
    "connection show cs_conn_00000000000000000000000000",
    "token create --company acme --name Export --scope customers:readonly --as owner@acme.example",
    "token show {client_id}",
    "token list",
    "token revoke {client_id}",
    "key rotate",
    "audit list",
    "audit verify",
    "audit export",
    "backup create --output made.backup",
    "compact",
    "doctor",
    "end-all-access --company acme",
    "end-all-access",
];

/// These run on their own always.
const LOCAL: &[&str] = &[
    "serve",
    "sandbox",
    "config check",
    "config print",
    "completions",
    "tls show",
    "tls check",
    "tls trust",
    "backup verify",
    "restore",
];
/// Run by the server too, with other effects: it serves what `tls renew` made (`tests/tls`), and sends at
/// once what `webhook test` put into the outbox (`tests/clients/webhooks.test.mjs`).
const SEEN_ELSEWHERE: &[&str] = &["tls renew", "webhook test"];

fn played(folder: &Folder, json: bool) -> Vec<(String, i32, String, String)> {
    let mut known = serde_json::Map::new();
    let mut played = Vec::new();
    for line in SCRIPT {
        let mut args: Vec<String> = Vec::new();
        for word in line.split(' ') {
            let member = word.strip_prefix('{').and_then(|word| word.strip_suffix('}'));
            let told = member.map(|member| known[member].as_str().unwrap().to_owned());
            args.push(told.unwrap_or_else(|| word.to_owned()));
        }
        // What makes something that is named later answers in JSON in any case.
        let makes = line.contains(" create ");
        if json || makes {
            args.push("--json".to_owned());
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = folder.run(&args);
        if makes && let Ok(Value::Object(made)) = serde_json::from_str(&ran.stdout) {
            known.extend(made);
        }
        played.push(((*line).to_owned(), ran.status, shape(&ran.stdout), shape(&ran.stderr)));
    }
    played
}

#[test]
fn every_command_says_the_same_while_the_server_runs_and_while_it_does_not() {
    for json in [false, true] {
        let (stopped, running) = (Folder::new(), Folder::new());
        let _server = Server::over(&running);
        assert!(running.path("data/admin.sock").exists());
        for (on_file, over_socket) in played(&stopped, json).into_iter().zip(played(&running, json))
        {
            // The server makes a link for the first owner, which the trail tells; init tells what to do
            // next; doctor tells whether a server runs, and what is wrong with this machine.
            let tells_of_the_server =
                on_file.0.starts_with("audit") || (on_file.0.starts_with("init") && !json);
            if tells_of_the_server {
                assert_eq!((&on_file.1, &on_file.3), (&over_socket.1, &over_socket.3));
            } else if on_file.0 != "doctor" {
                assert_eq!(on_file, over_socket);
            }
        }
    }
}

#[test]
fn no_command_is_missing_in_the_comparison() {
    fn collect(folder: &Folder, path: &str, into: &mut BTreeSet<String>) {
        let words: Vec<&str> = path.split_whitespace().chain(["--help"]).collect();
        let help = folder.done(&words);
        let inner = help.split("Commands:\n").nth(1);
        let Some(inner) = inner else {
            into.insert(path.trim().to_owned());
            return;
        };
        let lines = inner.lines().take_while(|line| !line.is_empty());
        for name in lines.filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let name = name.split_whitespace().next().unwrap();
            if name != "help" {
                collect(folder, &format!("{path} {name}"), into);
            }
        }
    }
    let mut all = BTreeSet::new();
    collect(&Folder::new(), "", &mut all);
    assert!(all.len() > 40, "{all:?}");
    let compared = |name: &String| {
        SCRIPT.iter().any(|line| *line == name || line.starts_with(&format!("{name} ")))
    };
    let missing: Vec<_> = all
        .iter()
        .filter(|name| {
            let name = name.as_str();
            !LOCAL.contains(&name) && !SEEN_ELSEWHERE.contains(&name) && !compared(&name.to_owned())
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn init_tells_nobody_to_start_a_server_that_runs() {
    let folder = Folder::new();
    let _server = Server::over(&folder);
    let told = folder.done(&INIT);
    assert!(told.contains("Open the link above") && told.contains("second factor"), "{told}");
    assert!(!told.contains("Start the server"), "{told}");
}

#[test]
fn a_reload_takes_the_level_of_the_log_and_no_faulty_configuration() {
    let folder = Folder::with_installation();
    let list = "a command came over the admin socket";
    folder.write("config.toml", "[log]\nlevel = \"error\"\n");
    let server = Server::over(&folder);
    folder.done(&["company", "list"]);
    folder.write("config.toml", "[log]\nlevel = \"info\"\n");
    server.signal(Signal::HUP);
    Server::logged(&folder, "the configuration was read again");
    assert!(!fs::read_to_string(folder.path("log")).unwrap().contains(list));
    folder.done(&["company", "list"]);
    Server::logged(&folder, list);

    folder.write("config.toml", "[log]\nlevel = \"loud\"\n");
    server.signal(Signal::HUP);
    Server::logged(&folder, "the configuration has faults, and the one in use stays");
    Server::logged(&folder, "log.level");
    assert!(server.stop());
}

#[test]
fn files_are_read_and_written_by_the_caller_alone() {
    let folder = Folder::with_installation();
    let _server = Server::over(&folder);
    let user = ["user", "create", "--email", "a@acme.example", "--name", "Ann"];
    let mut piped = folder.command(&[&user[..], &["--password-file", "-", "--json"]].concat());
    let mut piped =
        piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    piped.stdin.take().unwrap().write_all(b"correct horse battery staple 7\n").unwrap();
    let made = piped.wait_with_output().unwrap();
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(made["has_password"], true, "{made}");
    folder.done(&["audit", "export", "--output", "trail.jsonl"]);
    let trail = fs::read_to_string(folder.path("trail.jsonl")).unwrap();
    assert_eq!(trail, folder.done(&["audit", "export"]));
    let told = folder.failed(&["audit", "export", "--output", "trail.jsonl"]);
    assert!(told.contains("trail.jsonl cannot be written (File exists"), "{told}");
    let told = folder.failed(&[&user[..], &["--password-file", "nowhere"]].concat());
    assert!(told.contains("the password file nowhere cannot be read"), "{told}");
}

#[test]
fn the_trail_names_the_systems_user() {
    let folder = Folder::with_installation();
    let _server = Server::over(&folder);
    folder.done(&["company", "create", "--name", "Books"]);
    let entries = folder.json(&["audit", "list"]);
    let created = entries.as_array().unwrap().iter().filter(|e| e["kind"] == "company_created");
    let by: Vec<&str> = created.map(|entry| entry["command_line"].as_str().unwrap()).collect();
    assert_eq!(by.len(), 2, "one on the file, one over the socket: {by:?}");
    assert_eq!(by[0], by[1]);
    assert!(!geteuid().is_root() || by[0] == "root", "{by:?}");
}

#[test]
fn a_key_that_was_rotated_while_the_server_runs_hashes_at_once() {
    let folder = Folder::with_installation();
    let server = Server::over(&folder);
    let token = ["token", "create", "--company", "acme", "--scope", "customers:readonly"];
    let token = [&token[..], &["--as", "owner@acme.example"]].concat();
    folder.json(&[&token[..], &["--name", "before"]].concat());
    let row = folder.json(&["key", "rotate"]);
    assert_eq!(row["token_key_version"], 2);
    folder.json(&[&token[..], &["--name", "after"]].concat());
    assert!(server.stop());
    assert_eq!(folder.json(&["key", "rotate"])["token_key_version"], 3);
    folder.done(&["audit", "verify"]);
}

/// A caller that speaks for itself.
struct Caller(UnixStream);

impl Caller {
    fn new(folder: &Folder, version: &str, args: &[&str]) -> Self {
        Self::at_a("10", folder, version, args)
    }

    /// `ends`: whether somebody answers, and whether progress is shown.
    fn at_a(ends: &str, folder: &Folder, version: &str, args: &[&str]) -> Self {
        let mut caller = Self(UnixStream::connect(folder.path("data/admin.sock")).unwrap());
        let said = [&[version, ends], args].concat().join("\0");
        caller.say(1, said.as_bytes());
        caller
    }

    fn say(&mut self, kind: u8, body: &[u8]) {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        self.0.write_all(&[&[kind][..], &length, body].concat()).unwrap();
    }

    fn hear(&mut self) -> (u8, String) {
        match self.frame() {
            (HEARD, _) => self.frame(),
            other => other,
        }
    }

    fn frame(&mut self) -> (u8, String) {
        let mut head = [0; 5];
        self.0.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes(head[1..].try_into().unwrap());
        let mut body = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut body).unwrap();
        (head[0], String::from_utf8_lossy(&body).into_owned())
    }

    fn answer(&mut self, kind: u8, question: &str, answer: &str) {
        let (asked, text) = self.hear();
        assert!(asked == kind && text.contains(question), "{asked} {text}");
        self.say(DONE, answer.as_bytes());
    }
}

#[test]
fn questions_are_asked_at_the_callers_end() {
    let folder = Folder::new();
    let _server = Server::over(&folder);
    let mut caller = Caller::new(&folder, VERSION, &["init", "--json"]);
    caller.answer(ASK, "E-mail address", "owner@acme.example");
    caller.answer(ASK, "Their name", "Olive Owner");
    caller.answer(ASK, "first company", "Acme Trading");
    caller.answer(ASK_HIDDEN, "Password", "password");
    assert_eq!(caller.hear().0, 3, "a weak one is said to be weak");
    caller.answer(ASK_HIDDEN, "Password", "correct horse battery staple 7");
    caller.answer(ASK_HIDDEN, "The same again", "correct horse battery staple 7");
    let (_, made) = caller.hear();
    assert!(made.contains("\"has_password\":true"), "{made}");
    assert_eq!(caller.hear(), (STATUS, "\0".to_owned()));
}

#[test]
fn progress_is_shown_at_the_callers_terminal_and_nowhere_else() {
    let folder = Folder::with_installation();
    let _server = Server::over(&folder);
    for (ends, shown) in [("01", true), ("00", false)] {
        let args = ["backup", "create", "--output", "made.backup"];
        let mut caller = Caller::at_a(ends, &folder, VERSION, &args);
        let mut told = String::new();
        loop {
            match caller.hear() {
                (ERR, text) => told.push_str(&text),
                (NEW_FILE, _) => break,
                (kind, text) => panic!("{kind} {text}"),
            }
        }
        assert_eq!(told.contains("\r\u{1b}[KWriting… "), shown, "{told:?}");
        caller.say(FAILED, b"oThe disk is full");
        let mut said = String::new();
        while let (ERR, text) = caller.hear() {
            said.push_str(&text);
        }
        assert!(said.contains("made.backup cannot be written (The disk is full)"), "{said}");
    }
}

#[test]
fn more_arguments_than_a_server_takes_are_refused_here() {
    let folder = Folder::with_installation();
    let _server = Server::over(&folder);
    let told = folder.failed(&["company", "show", &"a".repeat(70_000)]);
    assert!(told.contains("longer than the 64 KiB"), "{told}");
}

#[test]
fn a_caller_that_hangs_up_ends_nothing_in_the_middle() {
    let folder = Folder::with_installation();
    let _server = Server::over(&folder);
    let grant = ["--company", "acme", "--role", "viewer", "--json"];
    let user = ["user", "create", "--email", "v@acme.example", "--name", "Vera"];
    drop(Caller::new(&folder, VERSION, &[&user[..], &grant].concat()));
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let shown = folder.run(&["user", "show", "v@acme.example", "--json"]);
        let held = serde_json::from_str::<Value>(&shown.stdout).unwrap_or_default();
        if held["roles"][0]["role"] == "viewer" {
            break;
        }
        assert!(Instant::now() < until, "{}{}", shown.stdout, shown.stderr);
    }
    // One that said half of what it wants, and one that said nothing, are no matter to others.
    let mut half = UnixStream::connect(folder.path("data/admin.sock")).unwrap();
    half.write_all(&[1, 0, 0, 0, 200, b'0']).unwrap();
    drop(half);
    folder.done(&["company", "list"]);
}

/// The command, run by other programs.
fn through(programs: &[&str], command: &Command, folder: &Folder) -> Command {
    let mut outer = Command::new(programs[0]);
    outer.args(&programs[1..]).arg(command.get_program()).args(command.get_args()).env_clear();
    outer.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.current_dir(folder.path(".")).stdin(Stdio::null());
    outer
}

/// What an unfinished backup would be, in the caller's folder and in the server's.
fn remains(folder: &Folder) -> Vec<String> {
    let names = [folder.path("."), folder.path("data")].into_iter().flat_map(|place| {
        fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap())
    });
    names.filter(|name| name.starts_with(".countersign") || name.ends_with(".backup")).collect()
}

#[test]
fn a_backup_that_its_caller_cannot_write_to_its_end_leaves_nothing_behind() {
    let folder = Folder::with_installation();
    let _server = Server::over(&folder);
    // A file that cannot grow, as on a full disk.
    let limited = "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"";
    let command = folder.command(&["backup", "create", "--output", "a.backup"]);
    let told = ran(&mut through(&["/bin/sh", "-c", limited], &command, &folder));
    assert_eq!(told.status, 1, "{}", told.stdout);
    assert!(told.stderr.contains("a.backup cannot be written (File too large"), "{}", told.stderr);
    assert_eq!(remains(&folder), Vec::<String>::new());
    folder.done(&["backup", "create", "--output", "a.backup"]);
    assert_eq!(remains(&folder), ["a.backup"]);
    folder.done(&["backup", "verify", "a.backup"]);
}

#[test]
fn a_backup_for_which_there_is_no_room_leaves_nothing_behind_and_the_server_goes_on() {
    const UNSHARE: &str = "/usr/bin/unshare";
    let may = Command::new(UNSHARE).args(["--mount", "/bin/true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        // Only root mounts.
        return;
    }
    let folder = Folder::with_installation();
    fs::create_dir(folder.path("full")).unwrap();
    let full = "/bin/mount -t tmpfs -o size=8k tmpfs full && /usr/bin/head -c 8192 /dev/zero > full/other && exec \"$0\" \"$@\"";
    let command = folder.command(&[&SERVE[..], &["--set", "backup.folder=full"]].concat());
    let programs = [UNSHARE, "--mount", "/bin/sh", "-c", full];
    let server = Server::started(&folder, through(&programs, &command, &folder));
    let told = folder.failed(&["backup", "create"]);
    assert!(told.contains("was not made") && told.contains("No space left"), "{told}");
    let seen = format!("/proc/{}/root{}", server.0.id(), folder.path("full").display());
    assert_eq!(fs::read_dir(seen).unwrap().count(), 1, "what was there before");
    folder.done(&["backup", "create", "--output", "a.backup"]);
    assert!(server.stop());
}

#[test]
fn a_caller_that_hangs_up_in_the_middle_of_a_backup_leaves_nothing_in_the_servers_folder() {
    let folder = Folder::with_installation();
    let _server = Server::over(&folder);
    let args = ["backup", "create", "--output", "b.backup"];
    let mut caller = Caller::new(&folder, VERSION, &args);
    caller.answer(NEW_FILE, "b.backup", "");
    assert_eq!(caller.hear().0, FILE_BYTES);
    assert_eq!(remains(&folder).len(), 1, "it is made in a folder of its own");
    drop(caller);
    let until = Instant::now() + Duration::from_secs(30);
    while !remains(&folder).is_empty() {
        assert!(Instant::now() < until, "{:?}", remains(&folder));
        std::thread::sleep(Duration::from_millis(5));
    }
    folder.done(&["backup", "create", "--output", "b.backup"]);
}

#[test]
fn what_a_kill_left_of_backups_and_restores_goes_at_the_next_start() {
    let folder = Folder::with_installation();
    fs::create_dir(folder.path("data/.countersign-backup-AbCdEf")).unwrap();
    folder.write("data/.countersign-backup-AbCdEf/made.backup", "half of a backup");
    folder.write("data/.countersign-backup-GhIjKl", "half of another");
    folder.write("data/.countersign.redb.restoring-MnOpQr", "half of a restore");
    let _server = Server::over(&folder);
    assert_eq!(remains(&folder), Vec::<String>::new());
}

#[test]
fn a_server_that_is_told_to_stop_waits_for_no_answer() {
    let folder = Folder::new();
    let server = Server::over(&folder);
    let mut caller = Caller::new(&folder, VERSION, &["init"]);
    assert_eq!(caller.hear().0, ASK);
    assert!(server.stop());
    assert!(!folder.path("data/admin.sock").exists());
}

#[test]
fn another_version_is_told_which_two_they_are() {
    let folder = Folder::new();
    let _server = Server::over(&folder);
    let mut caller = Caller::new(&folder, "0.0.7", &["company", "list"]);
    let (kind, told) = caller.hear();
    assert_eq!(kind, 3);
    assert!(told.contains("this is countersign 0.0.7"), "{told}");
    assert!(told.contains(&format!("countersign {VERSION} is running")), "{told}");
    assert_eq!(caller.hear(), (STATUS, "\u{1}".to_owned()));
}

#[test]
fn no_caller_starts_a_server_in_a_server() {
    let folder = Folder::new();
    let _server = Server::over(&folder);
    let mut caller = Caller::new(&folder, VERSION, &["serve"]);
    assert_eq!(caller.hear().0, 3);
    assert_eq!(caller.hear(), (STATUS, "\u{1}".to_owned()));
}

/// Only root can become somebody else; `admin::peer` holds the rule itself.
#[test]
fn another_user_is_refused_even_where_files_let_them_in() {
    if !geteuid().is_root() {
        return;
    }
    let folder = Folder::with_installation_for_all();
    let _server = Server::over(&folder);
    let open = |name: &str, mode| {
        fs::set_permissions(folder.path(name), Permissions::from_mode(mode)).unwrap();
    };
    let strange = |folder: &Folder| {
        // A copy, since the real binary may lie where nobody else can go.
        let binary = folder.path("countersign");
        if !binary.exists() {
            fs::copy(env!("CARGO_BIN_EXE_countersign"), &binary).unwrap();
        }
        let mut command = Command::new(&binary);
        command.args(["company", "list"]).env_clear();
        command.env("COUNTERSIGN__DATA__FOLDER", folder.path("data")).stdin(Stdio::null());
        ran(command.current_dir(folder.0.path()).uid(65534).gid(65534))
    };
    open("", 0o755);
    open("data", 0o755);
    let told = strange(&folder);
    assert_eq!((told.status, told.stdout.as_str()), (1, ""), "the mode keeps them out");
    open("data/admin.sock", 0o666);
    let told = strange(&folder);
    assert_eq!((told.status, told.stdout.as_str()), (1, ""));
    assert!(told.stderr.contains("only root and root, as whom the server runs"), "{}", told.stderr);
    assert!(!told.stderr.contains("acme"), "{}", told.stderr);
    // Who calls themselves root in a namespace of their own is root to nobody else.
    let mut pretender = Command::new("unshare");
    pretender.args(["--user", "--map-root-user"]).arg(folder.path("countersign"));
    pretender.args(["company", "list"]).env("COUNTERSIGN__DATA__FOLDER", folder.path("data"));
    pretender.current_dir(folder.0.path()).uid(65534).gid(65534).stdin(Stdio::null());
    let told = ran(&mut pretender);
    assert_eq!((told.status, told.stdout.as_str()), (1, ""), "{}", told.stderr);
    assert!(
        told.stderr.contains("only root") || told.stderr.contains("unshare"),
        "{}",
        told.stderr
    );
}

/// As in a unit with `PrivateUsers=yes`: the server's own user and root are known, nobody else.
#[test]
fn in_a_user_namespace_root_is_heard_and_whoever_has_no_number_there_is_not() {
    let namespace = ["--user", "--map-root-user"];
    let can = Command::new("unshare").args(namespace).arg("true").status();
    if !geteuid().is_root() || !can.is_ok_and(|status| status.success()) {
        return;
    }
    let folder = Folder::with_installation_for_all();
    let plain = folder.command(&SERVE);
    let mut wrapped = Command::new("unshare");
    wrapped.args(namespace).arg(plain.get_program()).args(plain.get_args()).env_clear();
    wrapped.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    wrapped.env("PATH", "/usr/bin:/bin").current_dir(folder.0.path()).stdin(Stdio::null());
    let _server = Server::started(&folder, wrapped);
    folder.done(&["company", "list"]);
    let open = |name: &str, mode| {
        fs::set_permissions(folder.path(name), Permissions::from_mode(mode)).unwrap();
    };
    open("", 0o755);
    open("data", 0o755);
    open("data/admin.sock", 0o666);
    let binary = folder.path("countersign");
    fs::copy(env!("CARGO_BIN_EXE_countersign"), &binary).unwrap();
    let mut strange = Command::new(&binary);
    strange.args(["company", "list"]).env("COUNTERSIGN__DATA__FOLDER", folder.path("data"));
    let told = ran(strange.current_dir(folder.0.path()).uid(1234).gid(1234).stdin(Stdio::null()));
    assert_eq!((told.status, told.stdout.as_str()), (1, ""), "{}", told.stderr);
    assert!(told.stderr.contains("only root and root"), "{}", told.stderr);
}

#[test]
fn a_socket_can_lie_elsewhere() {
    let folder = Folder::new();
    folder.write("config.toml", "[admin]\nsocket = \"elsewhere.sock\"\n");
    let _server = Server::over(&folder);
    folder.done(&INIT);
    assert!(folder.path("elsewhere.sock").exists());
    assert!(!folder.path("data/admin.sock").exists());
}

/// The kernel gives what it tells of a process to root where nobody else may read its memory.
#[test]
fn no_core_file_and_no_other_program_shows_what_the_server_holds_in_memory() {
    let folder = Folder::with_installation_for_all();
    let binary = folder.path("countersign");
    fs::copy(env!("CARGO_BIN_EXE_countersign"), &binary).unwrap();
    let (mut user, mut group) = (geteuid().as_raw(), getegid().as_raw());
    if geteuid().is_root() {
        (user, group) = (65_534, 65_534);
        let everything = ["-R", "65534:65534"];
        let own = Command::new("chown").args(everything).arg(folder.0.path()).status();
        assert!(own.unwrap().success());
    }
    let mut command = Command::new("prlimit");
    command.arg("--core=unlimited").arg(&binary).args(SERVE).env_clear().stdin(Stdio::null());
    command.env("PATH", "/usr/bin:/bin").env("COUNTERSIGN__DATA__FOLDER", folder.path("data"));
    command.current_dir(folder.0.path()).uid(user).gid(group);
    let mut server = Server::started(&folder, command);
    let process = server.0.id();
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let cores = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(cores.split_whitespace().skip(4).collect::<Vec<_>>(), ["0", "0", "bytes"]);
    for told in ["mem", "environ", "maps", "fd"] {
        let owner = fs::metadata(format!("/proc/{process}/{told}")).unwrap().uid();
        assert_eq!(owner, 0, "{told} belongs to whoever the server runs as");
    }
    let mut peeking = Command::new("cat");
    peeking.arg(format!("/proc/{process}/environ")).uid(user).gid(group);
    let told = ran(&mut peeking);
    assert_eq!((told.status, told.stdout.as_str()), (1, ""), "another program of the same user");
    server.signal(Signal::ABORT);
    assert!(!server.0.wait().unwrap().core_dumped());
    let left = fs::read_dir(folder.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!left.into_iter().any(|name| name.to_string_lossy().starts_with("core")));
}
