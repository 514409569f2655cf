// Killed again and again under 16 clients: nothing that was acknowledged is lost, nothing that was used
// up or revoked is good again, the chain of the audit trail is whole, and the server is back within five
// seconds.
//
// COUNTERSIGN_KILLS says how often it is killed; for the choices and the limit see killable.mjs.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { BACK_WITHIN, chance, Killable, seed } from './killable.mjs';

const KILLS = Number(process.env.COUNTERSIGN_KILLS ?? 200);
/** So much is acknowledged at most before the next kill, which then comes a moment later. */
const MOST_BETWEEN = 60;
const MOMENT = 50;

const sandbox = new Killable();
const { acknowledged } = sandbox;

before(() => sandbox.arrive());
after(() => sandbox.leave());

/** Starts it again; how long it took to be back in service. */
async function startAgain() {
  const begun = Date.now();
  await sandbox.start();
  assert.equal(await acknowledged.ready(), 200);
  return Date.now() - begun;
}

it(`loses nothing when it is killed ${KILLS} times (seed ${seed})`, { timeout: KILLS * 10_000 }, async () => {
  let longest = 0;
  for (let kills = 0; kills < KILLS; kills += 1) {
    const stopped = { now: false };
    const clients = acknowledged.clients(stopped);
    const failed = Promise.race(clients);
    const enough = acknowledged.count + chance() * MOST_BETWEEN;
    while (acknowledged.count < enough) await Promise.race([wait(5), failed]);
    await Promise.race([wait(chance() * MOMENT), failed]);
    stopped.now = true;
    await sandbox.kill();
    await Promise.all(clients);
    const back = await startAgain();
    longest = Math.max(longest, back);
    assert.ok(back < BACK_WITHIN, `back in service after ${back} ms`);
    await acknowledged.judge();
    if ((kills + 1) % 500 === 0) console.log(`${kills + 1} times; ${acknowledged.count} acts acknowledged; back within ${longest} ms`);
  }
  const connections = await acknowledged.finish();
  const { seen } = acknowledged;
  console.log(JSON.stringify({ seed, kills: KILLS, ...seen, connections, back: longest }));
  for (const what of ['issued', 'redeemed', 'refreshed', 'revoked', 'cut']) assert.ok(seen[what] > 0, what);
});
