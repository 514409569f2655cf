// A webhook, checked by the library that Standard Webhooks publishes; and what operators read meanwhile.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { Webhook } from 'standardwebhooks';

import { binary, freePort, Server, temporaryFolder } from './server.mjs';

const execute = promisify(execFile);

/** A receiver with the private CA's own certificate: it answers what it is told to, and keeps what came. */
async function receiver(tls) {
  const [cert, key] = await Promise.all([
    readFile(join(tls, 'server.pem')),
    readFile(join(tls, 'server-key.pem')),
  ]);
  const came = [];
  const waiting = [];
  const self = { came, status: 204 };
  const server = createServer({ cert, key }, async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    came.push({ headers: request.headers, body });
    response.writeHead(self.status).end();
    for (const look of waiting) look();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  self.url = `https://localhost:${server.address().port}/in`;
  self.until = (count) =>
    new Promise((resolve) => {
      const look = () => came.length >= count && resolve(came);
      waiting.push(look);
      look();
    });
  self.close = () => new Promise((resolve) => server.close(resolve));
  return self;
}

describe('webhooks', { timeout: 120_000 }, () => {
  let folder;
  let env;
  let to;
  let server;
  let operations;

  const command = async (...args) => {
    const { stdout } = await execute(binary(), [...args, '--json'], { env, timeout: 60_000 });
    return JSON.parse(stdout);
  };
  const serve = async () => {
    server = new Server(['serve'], env);
    await server.until((output) => /Countersign serves/.test(output), 'start');
  };

  before(async () => {
    folder = await temporaryFolder();
    const data = join(folder.path, 'data');
    const [port, metrics] = [await freePort(), await freePort()];
    operations = `http://127.0.0.1:${metrics}`;
    env = {
      ...process.env,
      COUNTERSIGN__ISSUER: `https://localhost:${port}`,
      COUNTERSIGN__SERVER__LISTEN: `127.0.0.1:${port}`,
      COUNTERSIGN__OPERATIONS__LISTEN: `127.0.0.1:${metrics}`,
      COUNTERSIGN__DATA__FOLDER: data,
      COUNTERSIGN__OUTBOUND__ALLOW_NETWORKS: '127.0.0.0/8,::1/128',
    };
    await serve();
    await server.stop();
    env.COUNTERSIGN__OUTBOUND__CA_FILE = join(data, 'tls', 'ca.pem');
    to = await receiver(join(data, 'tls'));
    await command('company', 'create', '--name', 'Acme');
  });

  after(async () => {
    await to?.close();
    await folder?.remove();
  });

  it('is signed as its library wants it, tried again, and logged', async () => {
    const made = await command('webhook', 'create', '--company', 'acme', '--url', to.url);
    assert.match(made.secret, /^whsec_/);
    await command('webhook', 'test', made.id);
    to.status = 503;
    await serve();
    await to.until(1);
    to.status = 204;
    const [first, second] = await to.until(2);
    const metrics = await (await fetch(`${operations}/metrics`)).text();
    await server.stop();
    const hook = new Webhook(made.secret);
    for (const { body, headers } of [first, second]) {
      assert.equal(hook.verify(body, headers).type, 'webhook.test');
      assert.throws(() => hook.verify(body.replace('test', 'tent'), headers));
      assert.throws(() => new Webhook('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA').verify(body, headers));
    }
    assert.equal(first.headers['webhook-id'], second.headers['webhook-id']);
    const log = await command('webhook', 'deliveries', made.id);
    assert.deepEqual(log.map(({ outcome, status }) => [outcome, status]), [['delivered', 204], ['failed', 503]]);
    const [listed] = await command('webhook', 'list', '--company', 'acme');
    assert.equal(listed.secret, undefined);
    assert.match(metrics, /^countersign_webhook_attempts_total\{outcome="failed"\} 1$/m);
    assert.match(metrics, /^countersign_tls_certificate_expiry_timestamp_seconds \d{10}$/m);
    await assert.rejects(fetch(`${operations}/metrics`), 'it stops with the server');
  });
});
