// The codes that the other tests hand out.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { totp } from './codes.mjs';

it('agrees with the examples of RFC 6238', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  const examples = { 59: '287082', 1111111109: '081804', 1234567890: '005924', 20000000000: '353130' };
  for (const [seconds, code] of Object.entries(examples)) {
    assert.equal(totp(secret, Math.floor(seconds / 30)), code);
  }
});
