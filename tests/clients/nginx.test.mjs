// nginx from Debian's packages, configured from our documentation, protects a small upstream through
// /forward-auth. The upstream checks the assertion as the documentation says, with jose.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { createLocalJWKSet, jwtVerify } from 'jose';

import { postForm } from './requests.mjs';
import { temporaryFolder } from './server.mjs';
import { app, company, site } from './site.mjs';

const DOCUMENT = new URL('../../docs/checking-for-yourself.md', import.meta.url);
const PREFIX = '/api/external/v2';

/** The block of a language that stands in the documentation. */
function documented(language) {
  const text = readFileSync(DOCUMENT, 'utf8');
  const found = text.match(new RegExp('```' + language + '\\n([^]*?)```'));
  assert.ok(found, `a ${language} block in the documentation`);
  return found[1];
}

/** `text` with every `from` as `to`; there must be one. */
function replaced(text, from, to) {
  assert.ok(text.includes(from), `${from} in the documented configuration`);
  return text.replaceAll(from, to);
}

/** The documented server, at home here: other ports, another name, another CA, another prefix. */
function configuration(folder, port, upstreamPort) {
  let server = documented('nginx');
  server = replaced(server, '127.0.0.1:8080', `127.0.0.1:${port}`);
  server = replaced(server, '127.0.0.1:9000', `127.0.0.1:${upstreamPort}`);
  server = replaced(server, 'https://auth.example.com', site.issuer);
  server = replaced(server, 'auth.example.com', new URL(site.issuer).hostname);
  server = replaced(server, '/etc/ssl/certs/ca-certificates.crt', site.ca_file);
  server = replaced(server, 'location /v1/', `location ${PREFIX}/`);
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const temporary = places.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n');
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
${process.getuid() === 0 ? 'user root;' : ''}
events { worker_connections 64; }
http {
access_log off;
${temporary}
${server}
}
`;
}

async function listening(port, child) {
  for (let tries = 0; tries < 200 && child.exitCode === null; tries += 1) {
    const there = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(socket.destroy()));
      socket.once('error', () => resolve(undefined));
    });
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nginx does not listen');
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('nginx with the documented configuration', { timeout: 240_000 }, () => {
  let folder;
  let upstream;
  let nginx;
  let port;
  let token;
  const reached = [];

  before(async () => {
    folder = await temporaryFolder();
    upstream = createServer((incoming, answer) => {
      reached.push({ method: incoming.method, url: incoming.url, headers: incoming.headers });
      answer.end('from the API');
    });
    await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    port = await freePort();
    const home = join(folder.path, 'nginx');
    mkdirSync(home);
    const file = join(home, 'nginx.conf');
    writeFileSync(file, configuration(home, port, upstream.address().port));
    execFileSync('/usr/sbin/nginx', ['-t', '-q', '-p', home, '-c', file, '-e', `${home}/error.log`]);
    nginx = spawn('/usr/sbin/nginx', ['-p', home, '-c', file, '-e', `${home}/error.log`], { stdio: 'inherit' });
    await listening(port, nginx);
    const { client_id, client_secret } = app('api_credentials');
    const form = { grant_type: 'client_credentials', client_id, client_secret };
    token = (await postForm('/oauth/token', form)).body.access_token;
    assert.ok(token);
  });

  after(async () => {
    if (nginx && nginx.exitCode === null) {
      const ended = new Promise((resolve) => nginx.once('exit', resolve));
      nginx.kill('SIGTERM');
      await ended;
    }
    upstream?.close();
    upstream?.closeAllConnections();
    await folder?.remove();
  });

  /** One request to nginx, exactly as written; `went` is what the upstream saw of it. */
  function call(path, headers = {}, method = 'GET') {
    reached.length = 0;
    return new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
        let text = '';
        answer.on('data', (chunk) => { text += chunk; });
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text, went: [...reached] }));
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  const bearer = () => ({ authorization: `Bearer ${token}` });

  it('lets a call pass and tells the API who calls, but not the token', async () => {
    const answer = await call(`${PREFIX}/customers?page=2`, {
      ...bearer(),
      cookie: 'a=b',
      'x-countersign-user': 'root',
      'x-countersign-firm': 'evil',
      x_countersign_user: 'root',
    });
    assert.deepEqual([answer.status, answer.text], [200, 'from the API']);
    const [{ url, headers }] = answer.went;
    assert.equal(url, `${PREFIX}/customers?page=2`);
    assert.equal(headers['x-countersign-client'], app('api_credentials').client_id);
    assert.equal(headers['x-countersign-company'], company('acme').id);
    assert.match(headers['x-countersign-scopes'], /\bcustomers:/);
    for (const name of ['authorization', 'cookie', 'x-countersign-user', 'x-countersign-firm', 'x_countersign_user']) {
      assert.equal(headers[name], undefined, name);
    }
    assert.ok(!JSON.stringify(headers).includes(token));
  });

  it('gives the API an assertion that jose accepts for it and for nobody else', async () => {
    const { went } = await call(`${PREFIX}/customers`, bearer());
    const assertion = went[0].headers['x-countersign-assertion'];
    const keys = createLocalJWKSet(await (await fetch(new URL('/.well-known/jwks.json', site.issuer))).json());
    const rules = {
      issuer: site.issuer,
      audience: site.api_base,
      algorithms: ['EdDSA'],
      typ: 'countersign-assertion+jwt',
      requiredClaims: ['sub', 'company', 'exp'],
    };
    const { payload } = await jwtVerify(assertion, keys, rules);
    assert.equal(payload.sub, app('api_credentials').client_id);
    assert.deepEqual(payload.company, { id: company('acme').id, slug: 'acme' });
    await assert.rejects(jwtVerify(assertion, keys, { ...rules, audience: `${site.issuer}/companies/acme/mcp` }));
    const [header, claims, signature] = assertion.split('.');
    const flipped = (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1);
    await assert.rejects(jwtVerify(`${header}.${claims}.${flipped}`, keys, rules));
  });

  it('keeps everything else away from the API', async () => {
    const good = bearer();
    const bakery = company('bakery').id;
    const refused = [
      [401, '/customers', {}],
      [401, '/customers', { authorization: `Bearer ${token}x` }],
      [401, `/customers?access_token=${token}`, {}],
      [403, '/nothing', good],
      [403, '/me', good],
      [403, `/companies/${bakery}/customers`, good],
      [403, '/customers', { ...good, 'x-company-id': bakery }],
      [403, '/x/../customers', good],
      [403, '/customers%2f..%2fnothing', good],
      [403, '//customers', good],
      [403, '/customers;x', good],
      [403, '/customers', { ...good, 'x-forwarded-uri': `${PREFIX}/products` }],
      [403, '/customers', { ...good, 'x-forwarded-method': 'HEAD' }],
      [403, '/customers', good, 'DELETE'],
    ];
    for (const [status, path, headers, method] of refused) {
      const answer = await call(PREFIX + path, headers, method);
      assert.equal(answer.status, status, `${method ?? 'GET'} ${path}`);
      assert.deepEqual(answer.went, [], path);
    }
    const { headers } = await call(`${PREFIX}/customers`);
    assert.match(headers['www-authenticate'], /^Bearer .*resource_metadata=/);
  });

  it('does not believe what a client says of the original request', async () => {
    const forged = { 'x-original-method': 'GET', 'x-original-uri': `${PREFIX}/customers` };
    const answer = await call(`${PREFIX}/nothing`, { ...bearer(), ...forged });
    assert.deepEqual([answer.status, answer.went], [403, []]);
  });

  it('ends with the token', async () => {
    assert.equal((await call(`${PREFIX}/customers`, bearer())).status, 200);
    const { client_id, client_secret } = app('api_credentials');
    assert.equal((await postForm('/oauth/revoke', { token, client_id, client_secret })).status, 200);
    const answer = await call(`${PREFIX}/customers`, bearer());
    assert.deepEqual([answer.status, answer.went], [401, []]);
  });
});
