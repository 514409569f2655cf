// Every metric that is documented is moved by something: a server is driven through what each counts, and
// what operators read is held against the list in docs/monitor.md.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

import { binary, freePort, Server, temporaryFolder } from './server.mjs';

const execute = promisify(execFile);
const EMAIL = 'owner@acme.example';
const DOCUMENT = new URL('../../docs/monitor.md', import.meta.url);

/** What such a test does not move, and why. */
const UNMOVED = {
  countersign_writer_queue_length: 'thousands of operations within one commit; tests/house/bounded.rs',
  countersign_writer_busy_total: 'a full queue; tests/house/bounded.rs',
  countersign_writer_failures_total: 'a disk that fails; tests/house/broken_store.rs',
  countersign_sweeper_runs_total: 'the first sweep comes after a minute',
  countersign_sweeper_last_success_timestamp_seconds: 'the same',
  countersign_backup_last_success_timestamp_seconds: 'the schedule is looked at once a minute',
  countersign_clock_ahead_seconds: 'a clock that is wrong: it is shown, and about 0',
};

describe('metrics', { timeout: 600_000 }, () => {
  let folder;
  let server;
  let env;
  let ca;
  let port;
  let operations;
  let listener;
  const agent = new Agent({ keepAlive: true });

  const command = async (...args) =>
    JSON.parse((await execute(binary(), [...args, '--json'], { env, timeout: 60_000 })).stdout);

  /** The series of the operations listener, with their values. */
  const scrape = async () => {
    const text = await (await fetch(`${operations}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
  };
  /** Whether anything of a metric is more than nothing. */
  const moved = (series, name) =>
    [...series].some(([one, value]) => value !== 0 && (one === name || one.startsWith(`${name}{`) || one.startsWith(`${name}_count`)));
  const until = async (name, act = async () => {}) => {
    for (let tries = 0; tries < 100; tries += 1) {
      await act();
      if (moved(await scrape(), name)) return;
      await wait(100);
    }
    assert.fail(`${name} was not moved`);
  };

  const ask = (method, path, { form, headers = {}, leave = false, through = agent } = {}) =>
    new Promise((resolve, reject) => {
      const body = form && new URLSearchParams(form).toString();
      const type = form && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length };
      const asked = request({ host: '127.0.0.1', servername: 'localhost', port, method, path, ca, agent: through,
        headers: { host: `localhost:${port}`, ...type, ...headers } });
      asked.on('error', (error) => (leave ? resolve() : reject(error)));
      asked.on('response', async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode, headers: response.headers, text });
      });
      asked.end(body);
      if (leave) asked.on('finish', () => setTimeout(() => asked.destroy(), 20));
    });

  /** A guess at a password, the owner's unless it is said, by somebody who opens the page and sends the form. */
  const guess = async ({ email = EMAIL, ...more } = {}) => {
    const page = await ask('GET', '/sign-in');
    const cookie = page.headers['set-cookie'].map((line) => line.split(';')[0]).join('; ');
    const csrf = page.text.match(/name="csrf" value="([^"]+)"/)[1];
    const form = { csrf, email, password: 'a wrong password' };
    return ask('POST', '/sign-in', { form, headers: { cookie, origin: `https://localhost:${port}` }, ...more });
  };

  before(async () => {
    folder = await temporaryFolder();
    const data = join(folder.path, 'data');
    const [metrics, nobody] = [await freePort(), await freePort()];
    port = await freePort();
    operations = `http://127.0.0.1:${metrics}`;
    const config = join(folder.path, 'config.toml');
    const settings = (outbound) => `
issuer = "https://localhost:${port}"
[server]
listen = ["127.0.0.1:${port}"]
[server.limits]
connections_per_address = 12
[data]
folder = "${data}"
[passwords]
parallel = 1
queue = 1
[operations]
listen = "127.0.0.1:${metrics}"
[clients]
metadata_documents = "open"
[outbound]
allow_networks = ["127.0.0.0/8", "::1/128"]
${outbound}
[audit.shipping]
to = "file"
file = "${join(folder.path, 'elsewhere', 'audit.jsonl')}"
[api]
upstream = "http://127.0.0.1:${nobody}"
connect_timeout = "1s"
[[api.routes]]
method = "GET"
path = "/customers"
scope = "customers:readonly"
`;
    env = { ...process.env };
    await writeFile(config, settings(''));
    const serve = async () => {
      server = new Server(['serve', '--config', config], env);
      await server.until((output) => /Countersign serves/.test(output), 'start');
    };
    await serve();
    await server.stop();
    const tls = join(data, 'tls');
    ca = await readFile(join(tls, 'ca.pem'));
    await writeFile(config, settings(`ca_file = "${join(tls, 'ca.pem')}"`));
    const [cert, key] = await Promise.all([readFile(join(tls, 'server.pem')), readFile(join(tls, 'server-key.pem'))]);
    listener = createServer({ cert, key }, (asked, answer) => {
      asked.resume();
      answer.writeHead(asked.url === '/gone' ? 410 : 503).end();
    });
    await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
    await writeFile(join(folder.path, 'password.txt'), 'quiet otter plays 7x\n', { mode: 0o600 });
    const { stdout } = await execute(binary(), ['init', '--config', config, '--email', EMAIL, '--name', 'Olive Owner',
      '--company', 'Acme', '--password-file', join(folder.path, 'password.txt'), '--json'], { env });
    assert.ok(JSON.parse(stdout));
    await serve();
    folder.config = config;
  });

  after(async () => {
    agent.destroy();
    await server?.stop();
    await new Promise((resolve) => (listener ? listener.close(resolve) : resolve()));
    await folder?.remove();
  });

  it('are each moved by what they count', async () => {
    const on = (...args) => command(...args, '--config', folder.config);
    const app = await on('app', 'create', '--kind', 'api-credentials', '--name', 'Sync', '--company', 'acme',
      '--scope', 'customers:readonly', '--delegated-by', EMAIL);
    const token = (scope) => ask('POST', '/oauth/token', { form: { grant_type: 'client_credentials', scope,
      client_id: app.client_id, client_secret: app.client_secret } });

    const issued = JSON.parse((await token('customers:readonly')).text);
    assert.equal((await token('customers:all')).status, 400);
    const bearer = { authorization: `Bearer ${issued.access_token}` };
    assert.equal((await ask('GET', '/api/external/v2/customers', { headers: bearer })).status, 502);
    assert.equal((await ask('GET', '/api/external/v2/customers')).status, 401);
    await on('tls', 'renew');

    const to = `https://localhost:${listener.address().port}`;
    for (const path of ['/down', '/gone']) {
      const made = await on('webhook', 'create', '--company', 'acme', '--url', to + path);
      await on('webhook', 'test', made.id);
    }
    await ask('GET', `/oauth/authorize?${new URLSearchParams({ client_id: `${to}/client.json`, response_type: 'code',
      redirect_uri: 'https://app.example/cb', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })}`);

    const series = new Map();
    const seen = async () => {
      for (const [name, value] of await scrape()) series.set(name, Math.max(value, series.get(name) ?? 0));
    };
    // The folder of the file is missing at first.
    await until('countersign_audit_shipping_failures_total', seen);
    await until('countersign_audit_behind', seen);
    await mkdir(join(folder.path, 'elsewhere'));
    await until('countersign_audit_shipped_total', seen);

    // Many guesses at once: one is hashed, one waits, the others are told to come back.
    const guesses = Promise.all(Array.from({ length: 6 }, () => guess()));
    for (let looks = 0; looks < 20; looks += 1) await seen();
    await guesses;
    await until('countersign_sign_ins_slowed_total', () => guess());
    // An address that nobody has is hashed for like one that somebody has, and is not slowed yet.
    let strangers = 0;
    const leaving = () => guess({ email: `stranger${strangers += 1}@acme.example`, leave: true, through: undefined });
    await until('countersign_http_clients_left_total', leaving);

    connect(port, '127.0.0.1', function junk() { this.end('no TLS at all\r\n'); }).on('error', () => {});
    const many = Array.from({ length: 20 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    await until('countersign_connections_refused_total', seen);
    many.forEach((socket) => socket.destroy());
    await until('countersign_tls_handshakes_failed_total', seen);
    await until('countersign_webhook_endpoints_disabled', seen);
    await seen();

    const documented = [...(await readFile(DOCUMENT, 'utf8')).matchAll(/^\| `(countersign_\w+)` \|/gm)].map(([, name]) => name);
    assert.ok(documented.length > 30);
    const still = documented.filter((name) => !moved(series, name));
    assert.deepEqual(still.filter((name) => !(name in UNMOVED)), []);
    assert.deepEqual(Object.keys(UNMOVED).filter((name) => !documented.includes(name)), []);
    const listed = new Set([...series.keys()].map((one) => one.replace(/\{.*$/, '').replace(/_(bucket|sum|count)$/, '')));
    assert.deepEqual([...listed].filter((name) => !documented.includes(name)), []);
  });
});
