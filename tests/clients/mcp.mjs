// What every client of a company's MCP server needs: its URL, a memory for tokens, a person who
// approves, and a document that describes the client.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { dirname, join } from 'node:path';

import { api, company, site } from './site.mjs';

/** The tools, as CONTRACT.md lists them. */
export const TOOLS = ['ping', 'list_customers', 'list_invoices', 'trial_balance', 'draft_invoice'];

/** What a person pastes into an assistant. */
export const mcpUrl = (slug) => company(slug).mcp_url;

/** A draft that the books of `acme` take. */
export const DRAFT = {
  customer_id: 1101,
  date: '2026-03-01',
  deadline: '2026-03-31',
  lines: [{ product_id: 1001, quantity: '2' }],
};

/** One JSON-RPC message, sent as a stateless client of 2025-06-18 would; nothing is followed. */
export async function rawCall(url, token, message) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
  });
  await response.body?.cancel();
  return { status: response.status, challenge: response.headers.get('www-authenticate') };
}

/** The token stands for this company's MCP server and for nothing else. */
export async function assertOnlyFor(assert, slug, token) {
  const elsewhere = slug === 'acme' ? 'bakery' : 'acme';
  const foreign = await rawCall(mcpUrl(elsewhere), token, { method: 'ping' });
  assert.equal(foreign.status, 401, 'at another company');
  assert.match(foreign.challenge, /error="invalid_token"/);
  assert.equal((await api(token, '/customers')).status, 401, 'at the API');
}

/** The memory of a client of the TypeScript SDK, either major; its browser only notes the URL. */
export class Memory {
  #redirectUrl;
  #saved = {};
  #states = 0;
  /** Where the SDK wanted the browser to go. */
  visit;

  constructor(redirectUrl, { clientMetadataUrl, information } = {}) {
    this.#redirectUrl = redirectUrl;
    this.clientMetadataUrl = clientMetadataUrl;
    this.#saved.information = information;
  }

  get redirectUrl() {
    return this.#redirectUrl;
  }

  get clientMetadata() {
    return {
      client_name: 'Test assistant',
      redirect_uris: [this.#redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    };
  }

  state() {
    this.#states += 1;
    return `state-${this.#states}`;
  }

  clientInformation() {
    return this.#saved.information;
  }

  saveClientInformation(information) {
    this.#saved.information = information;
  }

  tokens() {
    return this.#saved.tokens;
  }

  saveTokens(tokens) {
    this.#saved.tokens = tokens;
  }

  saveCodeVerifier(verifier) {
    this.#saved.verifier = verifier;
  }

  codeVerifier() {
    return this.#saved.verifier;
  }

  saveDiscoveryState(state) {
    this.#saved.discovery = state;
  }

  discoveryState() {
    return this.#saved.discovery;
  }

  redirectToAuthorization(url) {
    this.visit = url;
  }

  invalidateCredentials(what) {
    const parts = { all: Object.keys(this.#saved), client: ['information'] };
    for (const part of parts[what] ?? [what]) delete this.#saved[part];
  }
}

/** Serves a client's metadata document on loopback, with a certificate that the sandbox trusts. */
export async function documentServer(describe) {
  const tls = dirname(site.ca_file);
  const server = createServer(
    { cert: readFileSync(join(tls, 'server.pem')), key: readFileSync(join(tls, 'server-key.pem')) },
    (request, response) => {
      asked.push(request.url);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ client_id: url, ...describe() }));
    },
  );
  const asked = [];
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://localhost:${server.address().port}/clients/test-assistant.json`;
  return {
    url,
    /** Which paths were asked for. */
    asked,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
