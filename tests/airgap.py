"""What tests/airgap does in a network namespace without a route: a person without a browser, both
grants, the workspace, a backup; then the kernel is asked whether anything tried to leave.

The kernel counts every packet and connection that finds no route (OutNoRoutes), whoever tries and by
whatever call. First it is shown that the count sees each way out, and that it sees this very program
when it is told to call somebody."""

import base64
import hashlib
import hmac
import http.cookiejar
import json
import os
import re
import secrets
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

BINARY = os.path.abspath(sys.argv[1])
PATIENCE = 120
# Of addresses for documentation (RFC 5737, RFC 3849): nobody has them.
ELSEWHERE, ELSEWHERE_6 = "192.0.2.1", "2001:db8::1"
PASSWORD = "quiet-lantern-over-nine-boats"


def without_route():
    """How often something tried to leave so far."""
    names, values = [
        line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Ip:")
    ]
    newer = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
    return int(values[names.index("OutNoRoutes")]) + int(newer["Ip6OutNoRoutes"])


def connects(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as way:
        way.connect((address, 443))


def sends(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as way:
        way.sendto(b"x", (address, 53))


def the_count_sees_every_way_out():
    ways = {
        "a connection": lambda: connects(socket.AF_INET, ELSEWHERE),
        "a connection over IPv6": lambda: connects(socket.AF_INET6, ELSEWHERE_6),
        "a datagram": lambda: sends(socket.AF_INET, ELSEWHERE),
        "a datagram over IPv6": lambda: sends(socket.AF_INET6, ELSEWHERE_6),
        "a broadcast": lambda: sends(socket.AF_INET, "192.0.2.255"),
        "a name that is looked up": lambda: socket.getaddrinfo("elsewhere.example", 443),
    }
    for name, leave in ways.items():
        before = without_route()
        try:
            leave()
            sys.exit(f"{name} went out: there is a route")
        except OSError:
            pass
        if without_route() == before:
            sys.exit(f"{name} is not counted: this test proves nothing here")
    print(f"the kernel counts what tries to leave, in {len(ways)} ways")


class Program:
    """The program at work, until it is stopped."""

    def __init__(self, *args, first_line=False):
        self.process = subprocess.Popen(
            [BINARY, *args], stdout=subprocess.PIPE if first_line else subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]},
        )
        self.log = []
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr))
        self.reader.start()
        self.first_line = self.process.stdout.readline() if first_line else ""

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.reader.join()
        if kind:
            print("the server said:", *self.log[-30:], sep="\n  ")

    def loaded(self):
        """Files that are mapped as programs: libraries, name services."""
        maps = Path(f"/proc/{self.process.pid}/maps").read_text().splitlines()
        parts = [line.split(maxsplit=5) for line in maps]
        return {part[5] for part in parts if "x" in part[1] and len(part) > 5 and part[5].startswith("/")}


class Forms(HTMLParser):
    """The forms of a page, and the fields of each as they would be sent."""

    def __init__(self, page):
        super().__init__()
        self.found = {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.fields = self.found.setdefault(given.get("action"), [])
        elif tag == "input" and given.get("name"):
            kind = given.get("type")
            if kind not in ("radio", "checkbox") or "checked" in given:
                self.fields.append((given["name"], given.get("value") or ""))


class Stay(urllib.request.HTTPRedirectHandler):
    """Goes to no other origin: what is sent there is for the program."""

    def redirect_request(self, request, file, code, message, headers, url):
        if urllib.parse.urlsplit(url).netloc != urllib.parse.urlsplit(request.full_url).netloc:
            return None
        return super().redirect_request(request, file, code, message, headers, url)


class Person:
    """Somebody at a browser that shows nothing."""

    def __init__(self, issuer, trust, email, password, seed=None):
        self.issuer, self.email, self.password, self.seed = issuer, email, password, seed
        self.step = 0
        cookies = http.cookiejar.CookieJar(policy=http.cookiejar.DefaultCookiePolicy(rfc2965=False))
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trust), urllib.request.HTTPCookieProcessor(cookies), Stay(),
            urllib.request.ProxyHandler({}),
        )

    def code(self):
        """A code that was not used yet: of this step, or of the next one, which counts already. Neither
        is too old if a step begins before the server reads it."""
        self.step = max(self.step + 1, int(time.time()) // 30)
        key = base64.b32decode(self.seed + "=" * (-len(self.seed) % 8))
        digest = hmac.new(key, struct.pack(">Q", self.step), hashlib.sha1).digest()
        at = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"

    def open(self, url, fields=None):
        """The address at which it ended, and the page."""
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        try:
            with self.opener.open(urllib.parse.urljoin(self.issuer, url), data, PATIENCE) as answer:
                return answer.url, answer.read().decode()
        except urllib.error.HTTPError as answer:
            if answer.code != 303:
                raise SystemExit(f"{url}: {answer.code}\n{answer.read().decode()[:4000]}") from None
            return answer.headers["Location"], ""

    def submit(self, page, action, **typed):
        forms = Forms(page).found
        where = next((one for one in forms if re.fullmatch(action, one or "")), None)
        if where is None:
            raise SystemExit(f"no form {action} on the page:\n{page[:4000]}")
        fields = [(name, value) for name, value in forms[where] if name not in typed]
        return self.open(where, [*fields, *typed.items()])

    def sign_in(self):
        _, page = self.open("/sign-in")
        where, page = self.submit(page, "/sign-in", email=self.email, password=self.password)
        if "/sign-in/verify" in where:
            where, page = self.submit(page, "/sign-in/verify", code=self.code())
        return where, page

    def allow(self, url, company):
        _, page = self.open(url)
        context = next(
            found[1] for found in re.finditer(r'name="context" value="([^"]*)"', page)
            if company in page[found.end():found.end() + 400]
        )
        where, page = self.submit(page, "/consent/[^/]*", context=context, code=self.code())
        if not where.startswith("http://127.0.0.1"):
            raise SystemExit(f"consent ended at {where}:\n{page[:4000]}")
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(where).query))

    def walk(self, start):
        """Every page of the workspace to which a link leads, one of each kind."""
        waiting, kinds = [start], set()
        while waiting:
            path = waiting.pop()
            kind = re.sub(r"[?#].*|/(cs_[a-z]+_|req_|own%2F)\w+|/\d\w{15,}", "", path)
            if kind in kinds:
                continue
            kinds.add(kind)
            _, page = self.open(path)
            waiting += [
                link for link in re.findall(r'(?:href|src)="(/[^"]*)"', page)
                if link.startswith(("/settings", "/docs", "/assets", "/static"))
            ]
        return len(kinds)


class Client:
    """A program that connects."""

    def __init__(self, issuer, trust, app):
        self.issuer, self.trust, self.app = issuer, trust, app

    def post(self, path, **form):
        form["client_id"] = self.app["client_id"]
        if self.app.get("client_secret"):
            form["client_secret"] = self.app["client_secret"]
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(self.issuer + path, data, PATIENCE, context=self.trust) as answer:
            return json.load(answer)

    def get(self, url, token):
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=PATIENCE, context=self.trust) as answer:
            return answer.status


def the_sandbox(folder):
    before = without_route()
    with Program("sandbox", "--json", "--data-dir", f"{folder}/sandbox", first_line=True) as server:
        site = json.loads(server.first_line)
        issuer = site["issuer"]
        trust = ssl.create_default_context(cafile=site["ca_file"])
        app = lambda kind: next(one for one in site["apps"] if one["kind"] == kind)
        customers = site["api_base"] + "/customers"

        machine = Client(issuer, trust, app("api_credentials"))
        token = machine.post("/oauth/token", grant_type="client_credentials")["access_token"]
        assert machine.get(customers, token) == 200
        print("sandbox: client credentials, and a call")

        owner = next(one for one in site["users"] if one["role"] == "owner")
        person = Person(issuer, trust, owner["email"], owner["password"], owner["totp_secret"])
        person.sign_in()
        public = Client(issuer, trust, app("oauth_public"))
        verifier, redirect = secrets.token_hex(32), "http://127.0.0.1:9999/callback"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        back = person.allow(f"{issuer}/oauth/authorize?" + urllib.parse.urlencode({
            "response_type": "code", "client_id": public.app["client_id"], "redirect_uri": redirect,
            "scope": "customers:readonly", "state": "x", "code_challenge": challenge,
            "code_challenge_method": "S256",
        }), site["companies"][0]["name"])
        got = public.post("/oauth/token", grant_type="authorization_code", code=back["code"],
                          redirect_uri=redirect, code_verifier=verifier)
        assert public.get(customers, got["access_token"]) == 200
        got = public.post("/oauth/token", grant_type="refresh_token", refresh_token=got["refresh_token"])
        assert public.get(customers, got["access_token"]) == 200
        print("sandbox: authorization code, refresh, and calls")

        pages = person.walk("/settings/app-connect")
        assert pages >= 15, pages
        print(f"sandbox: {pages} pages of the workspace and the guide")

        backup = f"{folder}/sandbox.backup"
        command("backup", "create", "--data-dir", f"{folder}/sandbox", "--output", backup)
        command("backup", "verify", backup)
        print("sandbox: a backup over the admin socket")
        stays(server, before)


def the_server(folder):
    """As it is installed."""
    before = without_route()
    data = f"{folder}/data"
    settings = Path(folder, "config.toml")
    port = free_port()
    issuer = f"https://localhost:{port}"
    settings.write_text(
        f'issuer = "{issuer}"\n[server]\nlisten = ["127.0.0.1:{port}"]\n[data]\nfolder = "{data}"\n'
    )
    config = ("--config", str(settings))
    with Program("serve", *config) as server:
        until(Path(data, "admin.sock").exists, "the server takes no commands")
        trust = ssl.create_default_context(cafile=f"{data}/tls/ca.pem")
        Path(folder, "password").write_text(PASSWORD + "\n")
        command("init", *config, "--email", "owner@acme.example", "--name", "Olive Owner", "--company",
                "Acme Trading", "--slug", "acme", "--password-file", f"{folder}/password")
        made = json.loads(command(
            "app", "create", *config, "--kind", "api-credentials", "--name", "Nightly sync", "--company",
            "acme", "--scope", "customers:readonly", "--delegated-by", "owner@acme.example", "--json"))
        Client(issuer, trust, made).post("/oauth/token", grant_type="client_credentials")
        where, page = Person(issuer, trust, "owner@acme.example", PASSWORD).sign_in()
        assert "owner@acme.example" in page, where
        backup = f"{folder}/by-hand.backup"
        command("backup", "create", *config, "--output", backup)
        command("backup", "verify", backup)
        print("server: an owner, a token, a page, a backup over the admin socket")
        stays(server, before)


def the_count_sees_this_program_when_it_is_told_to_call(folder):
    """Certificates from an authority elsewhere: now it must try, by a name and by an address."""
    for name, host in (("a name", "acme.elsewhere.example"), ("an address", ELSEWHERE)):
        before = without_route()
        port = free_port()
        settings = [
            f"issuer=https://auth.example.com:{port}", f"server.listen=127.0.0.1:{port}", "tls.mode=acme",
            f"tls.acme.directory=https://{host}/directory", "tls.acme.contacts=a@example.com",
            "tls.acme.accept_terms=true", f"data.folder={folder}/acme-{port}",
            "outbound.allow_networks=192.0.2.0/24",
        ]
        flags = [part for one in settings for part in ("--set", one)]
        with Program("serve", *flags) as server:
            until(lambda: without_route() > before, f"an attempt at {name} was not counted")
            only_itself(server)
    print("the count sees this program too, when it is told to call somebody; no name service is loaded for it")


def stays(server, before):
    only_itself(server)
    left = without_route() - before
    if left:
        sys.exit(f"{left} attempts to leave")


def only_itself(server):
    loaded = server.loaded()
    if loaded != {BINARY}:
        sys.exit(f"mapped as programs: {sorted(loaded)}")


def command(*args):
    done = subprocess.run([BINARY, *args], capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode:
        sys.exit(f"countersign {' '.join(args)}: {done.stderr}")
    return done.stdout


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def until(holds, otherwise):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(otherwise)
        time.sleep(0.1)


the_count_sees_every_way_out()
with tempfile.TemporaryDirectory() as work:
    the_sandbox(work)
    the_server(work)
    the_count_sees_this_program_when_it_is_told_to_call(work)
print("The air gap holds: nothing tried to leave.")
