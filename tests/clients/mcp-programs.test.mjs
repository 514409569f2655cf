// Programs that people run: the MCP Inspector's command line and mcp-remote, each given nothing but a
// URL, and a person at the browser whose address they print.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

import { openBrowser, Person } from './browser.mjs';
import { documentServer, mcpUrl, TOOLS } from './mcp.mjs';
import { freePort, temporaryFolder } from './server.mjs';
import { site, user } from './site.mjs';

const installed = (path) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));
/** Both want a newer Node than the tests do. */
const NODE = installed('node/bin/node');
const INSPECTOR = installed('@modelcontextprotocol/inspector/clients/launcher/build/index.js');
const REMOTE = installed('mcp-remote/dist/proxy.js');

describe('programs that people run', { timeout: 360_000 }, () => {
  let browser;
  let person;
  let home;
  const open = [];

  before(async () => {
    home = await temporaryFolder();
    browser = await openBrowser();
  });

  after(async () => {
    for (const one of open) await one.close();
    await browser?.close();
    await home?.remove();
  });

  /** A home of its own, no keychain, no desktop, and a browser that opens nothing: the test opens what is printed. */
  const environment = (name) => ({
    ...process.env,
    HOME: `${home.path}/${name}`,
    MCP_REMOTE_CONFIG_DIR: `${home.path}/${name}`,
    MCP_INSPECTOR_SECRET_STORE: 'file',
    MCP_AUTO_OPEN_ENABLED: 'true',
    BROWSER: 'true',
  });

  /** Opens the authorization URL as soon as it stands in the stream, and approves. */
  function approveWhatIsPrinted(stream) {
    const printed = { text: '', url: undefined };
    const issuer = `${site.issuer}/oauth/authorize`;
    printed.approved = new Promise((resolve, reject) => {
      stream.on('data', (chunk) => {
        printed.text += chunk;
        const url = printed.text.match(new RegExp(`${issuer}\\?\\S+(?=\\s)`))?.[0];
        if (!url || printed.url) return;
        printed.url = new URL(url);
        const back = new URL(printed.url.searchParams.get('redirect_uri'));
        allow(printed.url, back).then(resolve, reject);
      });
    });
    return printed;
  }

  async function allow(url, back) {
    await person.open(url);
    await person.allow();
    await person.page.waitForURL((at) => at.origin === back.origin);
  }

  describe('the MCP Inspector', () => {
    before(async () => {
      person = await Person.arrive(browser, user('owner'));
    });

    /** Runs the command line once; answers what it printed. */
    async function inspect(where, ...args) {
      const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;
      const child = spawn(
        NODE,
        [
          INSPECTOR, '--cli', '--server-url', mcpUrl('acme'), '--transport', 'http', '--format', 'json',
          '--callback-url', callback, ...args,
        ],
        { env: environment(where), stdio: ['ignore', 'pipe', 'pipe'] },
      );
      open.push({ close: () => child.kill() });
      let output = '';
      child.stdout.on('data', (chunk) => (output += chunk));
      const printed = approveWhatIsPrinted(child.stderr);
      const status = await new Promise((resolve) => child.once('exit', resolve));
      assert.equal(status, 0, printed.text + output);
      return { result: JSON.parse(output).result, url: printed.url, callback };
    }

    for (const era of ['legacy', 'modern']) {
      it(`registers itself, lists and calls in the ${era} era`, async () => {
        const listed = await inspect(era, '--protocol-era', era, '--method', 'tools/list');
        assert.ok(listed.url, 'it asked a person');
        assert.deepEqual(listed.result.tools.map((tool) => tool.name), TOOLS);
        const called = await inspect(
          era, '--protocol-era', era, '--method', 'tools/call', '--tool-name', 'list_customers',
        );
        assert.equal(called.url, undefined, 'it was allowed before');
        assert.equal(called.result.structuredContent.items[0].name, 'Harbour Joinery');
      });
    }

    it('finds nothing to complain of in the schemas of the tools', async () => {
      const { result } = await inspect('legacy', '--strict', '--method', 'tools/list');
      assert.equal(result.tools.length, TOOLS.length);
    });

    it('is a client that a document at a URL describes', async () => {
      const redirects = [];
      const document = await documentServer(() => ({
        client_name: 'Inspector', redirect_uris: redirects, token_endpoint_auth_method: 'none',
      }));
      open.push(document);
      redirects.push('http://127.0.0.1/oauth/callback');
      const { result, url } = await inspect(
        'document', '--client-metadata-url', document.url,
        '--method', 'tools/call', '--tool-name', 'ping',
      );
      assert.equal(url.searchParams.get('client_id'), document.url);
      assert.equal(result.content[0].text, 'pong');
    });
  });

  describe('mcp-remote', () => {
    before(async () => {
      person = await Person.arrive(browser, user('partner'));
    });

    /** What a desktop assistant does: starts it and speaks to its standard input. */
    async function connect(where, args) {
      const transport = new StdioClientTransport({
        command: NODE, args: [REMOTE, mcpUrl('acme'), ...args], env: environment(where), stderr: 'pipe',
      });
      const printed = approveWhatIsPrinted(transport.stderr);
      const client = new Client({ name: 'desktop', version: '1.0.0' });
      open.push(client);
      await client.connect(transport, { timeout: 60_000 });
      return { client, printed };
    }

    for (const protocol of ['legacy', 'auto']) {
      it(`registers itself and serves a desktop assistant, protocol ${protocol}`, async () => {
        const port = String(await freePort());
        const { client, printed } = await connect(protocol, [port, '--protocol', protocol]);
        await printed.approved;
        const { tools } = await client.listTools();
        assert.deepEqual(tools.map((tool) => tool.name), TOOLS);
        const pong = await client.callTool({ name: 'ping', arguments: {} });
        assert.equal(pong.content[0].text, 'pong');
        await client.close();
      });
    }

    it('is a client that a document at a URL describes', async () => {
      const port = await freePort();
      const redirect = `http://localhost:${port}/oauth/callback`;
      const document = await documentServer(() => ({
        client_name: 'mcp-remote', redirect_uris: [redirect], token_endpoint_auth_method: 'none',
      }));
      open.push(document);
      const { client, printed } = await connect('document', [
        String(port), '--client-metadata-url', document.url,
      ]);
      await printed.approved;
      assert.equal(printed.url.searchParams.get('client_id'), document.url);
      const pong = await client.callTool({ name: 'ping', arguments: {} });
      assert.equal(pong.content[0].text, 'pong');
      await client.close();
    });
  });
});
