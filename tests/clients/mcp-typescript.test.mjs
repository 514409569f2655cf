// The official TypeScript SDK, both majors: from discovery to a tool call, with nothing but a URL.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import * as next from '@modelcontextprotocol/client';
import { auth as authV1, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import {
  StreamableHTTPClientTransport as TransportV1,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { assertOnlyFor, documentServer, DRAFT, mcpUrl, Memory, rawCall, TOOLS } from './mcp.mjs';
import { company, site, user } from './site.mjs';

const NAME = { name: 'test-assistant', version: '1.0.0' };
/** One SDK in one era of the protocol, with a person of its own: codes are good for one use. */
const SDKS = [
  {
    title: 'SDK 1.x',
    user: 'owner',
    client: () => new ClientV1(NAME),
    transport: (url, memory) => new TransportV1(url, { authProvider: memory }),
    unauthorized: UnauthorizedError,
    auth: authV1,
    finish: (transport, back) => transport.finishAuth(back.searchParams.get('code')),
    // It tries to refresh, which widens nothing, and tells its program, which has to ask for more.
    async lacksScope(call, memory) {
      await assert.rejects(call, /403/);
      const scope = `${memory.tokens().scope} customer_invoices:all`;
      memory.invalidateCredentials('tokens');
      assert.equal(await authV1(memory, { serverUrl: mcpUrl('acme'), scope }), 'REDIRECT');
    },
  },
  ...[['2025-11-25', 'legacy', 'partner'], ['2026-07-28', 'auto', 'junior']].map(([era, mode, user]) => ({
    title: `SDK 2.x, ${era}`,
    user,
    client: () => new next.Client(NAME, { versionNegotiation: { mode } }),
    transport: (url, memory) => new next.StreamableHTTPClientTransport(url, { authProvider: memory }),
    unauthorized: next.UnauthorizedError,
    auth: next.auth,
    finish: (transport, back) => transport.finishAuth(back.searchParams),
    // It opens the browser by itself.
    lacksScope: (call) => assert.rejects(call, next.UnauthorizedError),
  })),
];

describe('the TypeScript SDK', { timeout: 360_000 }, () => {
  let browser;
  let person;
  let listener;
  /** What is to be closed at the end, whatever happened. */
  const open = [];

  before(async () => {
    browser = await openBrowser();
    listener = await callbackListener();
  });

  after(async () => {
    for (const one of open) await one.close();
    await browser?.close();
    await listener?.close();
  });

  /** Approves what the SDK wanted to open; answers the URL with which the browser came back. */
  async function approve(memory) {
    const url = memory.visit;
    assert.ok(url, 'the SDK opened the browser');
    memory.visit = undefined;
    assert.equal(url.searchParams.get('resource'), mcpUrl('acme'));
    const back = await person.approve(url, listener);
    assert.equal(back.searchParams.get('iss'), site.issuer);
    assert.equal(back.searchParams.get('state'), url.searchParams.get('state'));
    return back;
  }

  /** Connects as a program does that was given nothing but the URL of acme's server. */
  async function connect(sdk, memory) {
    const url = new URL(mcpUrl('acme'));
    const first = sdk.transport(url, memory);
    await assert.rejects(sdk.client().connect(first), sdk.unauthorized);
    await sdk.finish(first, await approve(memory));
    const client = sdk.client();
    const transport = sdk.transport(url, memory);
    open.push(client);
    await client.connect(transport);
    return { client, transport };
  }

  for (const sdk of SDKS) {
    describe(sdk.title, () => {
      before(async () => {
        person = await Person.arrive(browser, user(sdk.user));
      });

      it('goes from the URL to a tool call by registering itself', async () => {
        const memory = new Memory(listener.redirectUri);
        const { client } = await connect(sdk, memory);
        const { tools } = await client.listTools();
        assert.deepEqual(tools.map((tool) => tool.name), TOOLS);
        const pong = await client.callTool({ name: 'ping', arguments: {} });
        assert.equal(pong.content[0].text, 'pong');
        const customers = await client.callTool({ name: 'list_customers', arguments: { limit: 2 } });
        assert.equal(customers.structuredContent.items[0].name, 'Harbour Joinery');
        const { contents } = await client.readResource({ uri: 'ledger://trial_balance' });
        assert.ok(JSON.parse(contents[0].text).items.length > 0);
        const prompt = await client.getPrompt({ name: 'chase_unpaid_invoices', arguments: {} });
        assert.match(prompt.messages[0].content.text, /^Write one neutral letter/);
        await client.close();
        await assertOnlyFor(assert, 'acme', memory.tokens().access_token);
      });

      it('refreshes its token and goes on', async () => {
        const memory = new Memory(listener.redirectUri);
        const { client } = await connect(sdk, memory);
        const before = memory.tokens();
        assert.ok(before.refresh_token);
        const result = await sdk.auth(memory, { serverUrl: mcpUrl('acme') });
        assert.equal(result, 'AUTHORIZED');
        assert.notEqual(memory.tokens().access_token, before.access_token);
        const pong = await client.callTool({ name: 'ping', arguments: {} });
        assert.equal(pong.content[0].text, 'pong');
        await client.close();
      });

      it('is a client that a document at a URL describes', async () => {
        const memory = new Memory(listener.redirectUri);
        const document = await documentServer(() => memory.clientMetadata);
        open.push(document);
        memory.clientMetadataUrl = document.url;
        const { client } = await connect(sdk, memory);
        assert.equal(memory.clientInformation().client_id, document.url);
        const pong = await client.callTool({ name: 'ping', arguments: {} });
        assert.equal(pong.content[0].text, 'pong');
        await client.close();
      });

      it('asks the person again for a scope that a tool takes', async () => {
        const memory = new Memory(listener.redirectUri);
        const { client, transport } = await connect(sdk, memory);
        assert.ok(!memory.tokens().scope.includes('customer_invoices:all'), memory.tokens().scope);
        const message = { method: 'tools/call', params: { name: 'draft_invoice', arguments: DRAFT } };
        const refused = await rawCall(mcpUrl('acme'), memory.tokens().access_token, message);
        assert.equal(refused.status, 403);
        assert.match(refused.challenge, /error="insufficient_scope"/);
        assert.match(refused.challenge, /scope="customer_invoices:all"/);
        const call = () => client.callTool({ name: 'draft_invoice', arguments: DRAFT });
        await sdk.lacksScope(call, memory);
        assert.match(memory.visit.searchParams.get('scope'), /customer_invoices:all/);
        await sdk.finish(transport, await approve(memory));
        const drafted = await call();
        assert.equal(drafted.structuredContent.status, 'draft');
        await client.close();
      });
    });
  }
});
