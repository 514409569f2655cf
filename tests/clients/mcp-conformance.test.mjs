// The official conformance package's scenarios for authorization servers, with a person at the browser.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { openBrowser, Person } from './browser.mjs';
import { mcpUrl } from './mcp.mjs';
import { freePort } from './server.mjs';
import { app, site, user } from './site.mjs';

const installed = (path) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));
const NODE = installed('node/bin/node');
const CONFORMANCE = installed('@modelcontextprotocol/conformance/dist/index.js');

describe('the conformance package', { timeout: 240_000 }, () => {
  let browser;
  let person;
  let child;

  before(async () => {
    browser = await openBrowser();
    person = await Person.arrive(browser, user('owner'));
  });

  after(async () => {
    child?.kill();
    await browser?.close();
  });

  it('passes every scenario of an authorization server', async () => {
    const port = await freePort();
    const args = [
      CONFORMANCE, 'authorization', '--url', site.issuer, '--client-id', app('oauth_public').client_id,
      '--resource', mcpUrl('acme'), '--port', String(port), '--verbose',
    ];
    child = spawn(NODE, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let approved;
    const read = (chunk) => {
      output += chunk;
      const url = output.match(new RegExp(`${site.issuer}/oauth/authorize\\?\\S+(?=\\s)`))?.[0];
      if (!url || approved) return;
      approved = person.open(url).then(() => person.allow());
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    const status = await new Promise((resolve) => child.once('exit', resolve));
    await approved;
    assert.match(output, /Total: [2-9] passed, 0 failed/);
    assert.equal(status, 0, output);
  });
});
