// What scanners made by others say: of the TLS that is spoken by default and with 1.3 alone, and of the
// answers that /openapi.json describes.
//
// COUNTERSIGN_EXAMPLES says how many requests of each kind are made up for each operation.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';

import { freePort, Server, startSandbox, temporaryFolder } from './server.mjs';
import { wireTo } from './wire.mjs';

const SCANNERS = fileURLToPath(new URL('scanners/bin/', import.meta.url));
const EXAMPLES = process.env.COUNTERSIGN_EXAMPLES ?? '25';
// Whether a request that fits the description is taken depends on more than its shape: on a client, a
// code, a company. So what is judged is what answers look like, not which one comes.
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
  'allow_header_conformance',
];

/** Runs a scanner in a folder; answers its exit status and all that it said. */
function scan(folder, name, args) {
  const options = { cwd: folder, maxBuffer: 64 << 20, timeout: 600_000 };
  return new Promise((resolve) => {
    execFile(join(SCANNERS, name), args, options, (error, output, errors) => {
      resolve({ status: error ? (error.code ?? 1) : 0, said: output + errors });
    });
  });
}

describe('sslyze, of the TLS that is spoken', { timeout: 120_000 }, () => {
  for (const [minimum, level] of [['1.2', 'intermediate'], ['1.3', 'modern']]) {
    it(`calls it ${level} where ${minimum} is the oldest version`, async () => {
      const folder = await temporaryFolder();
      const port = await freePort();
      const data = join(folder.path, 'data');
      const server = new Server(['serve'], {
        COUNTERSIGN__ISSUER: `https://localhost:${port}`,
        COUNTERSIGN__SERVER__LISTEN: `127.0.0.1:${port}`,
        COUNTERSIGN__DATA__FOLDER: data,
        COUNTERSIGN__TLS__MINIMUM_VERSION: minimum,
      });
      try {
        await server.until((out) => out.includes('serves'), 'line that it serves');
        const ca = join(data, 'tls', 'ca.pem');
        const asked = ['--mozilla_config', level, '--certinfo_ca_file', ca, `localhost:${port}`];
        const { status, said } = await scan(folder.path, 'sslyze', asked);
        assert.equal(status, 0, said);
        assert.match(said, /OK - Compliant/);
        assert.match(said, /Received Chain Order: +OK/);
      } finally {
        await server.stop();
        await folder.remove();
      }
    });
  }
});

describe('schemathesis, of what /openapi.json describes', { timeout: 900_000 }, () => {
  let folder;
  let running;
  let site;
  let send;

  before(async () => {
    folder = await temporaryFolder();
    ({ server: running, site } = await startSandbox(folder.path));
    send = wireTo(site);
  });

  after(async () => {
    await running?.stop();
    await folder?.remove();
  });

  it('finds no failure of the server and no answer that is not described', async () => {
    const app = site.apps.find((one) => one.kind === 'api_credentials');
    const form = {
      grant_type: 'client_credentials', client_id: app.client_id, client_secret: app.client_secret,
    };
    const token = (await send('POST', '/oauth/token', { form })).body.access_token;
    const description = join(folder.path, 'openapi.json');
    await writeFile(description, JSON.stringify((await send('GET', '/openapi.json')).body));
    const { status, said } = await scan(folder.path, 'schemathesis', [
      'run', description, '--url', site.issuer, '--tls-verify', site.ca_file,
      '--checks', CHECKS.join(','), '--header', `Authorization: Bearer ${token}`,
      '--max-examples', EXAMPLES, '--seed', '1', '--generation-database', 'none',
      '--continue-on-failure', '--no-color', '--suppress-health-check', 'all',
    ]);
    assert.equal(status, 0, said);
    assert.match(said, /Tested: +\d\d/);
  });
});
