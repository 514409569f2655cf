// The official Rust SDK as a client (`rmcp/`): from discovery to a tool call in both eras.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

import { documentServer } from './mcp.mjs';

const run = promisify(execFile);
const CLIENT = process.env.COUNTERSIGN_RMCP_CLIENT;
const DONE = [
  '2025-11-25: from discovery to a tool call',
  '2026-07-28: from discovery to a tool call',
];

describe('rmcp', { timeout: 360_000 }, () => {
  async function done(...args) {
    assert.ok(CLIENT, 'COUNTERSIGN_RMCP_CLIENT must name the built client (tests/run sets it)');
    const { stdout } = await run(CLIENT, args);
    return stdout.trim().split('\n');
  }

  it('registers itself and calls tools in both eras', async () => {
    assert.deepEqual(await done(), DONE);
  });

  it('is a client that a document at a URL describes', async () => {
    const document = await documentServer(() => ({
      client_name: 'Test assistant',
      redirect_uris: ['http://127.0.0.1/callback'],
      token_endpoint_auth_method: 'none',
    }));
    try {
      assert.deepEqual(await done('--document', document.url), DONE);
      assert.ok(document.asked.length > 0, 'the server read the document');
    } finally {
      await document.close();
    }
  });
});
