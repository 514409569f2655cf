// The disk fails under 16 clients: calls of the built binary that write or sync its data file fail, one of
// them or all from it on until the disk is mended, with EIO and with ENOSPC. Nothing that was acknowledged is
// lost, no code is redeemed twice, nothing is granted while it fails, the chain of the audit trail is whole,
// and the server is ready again within five seconds. strace puts the errors into the calls of the one thread
// that writes.
//
// COUNTERSIGN_CALLS has each of the first so many calls fail, not a sample; for the choices and the limit
// see killable.mjs. It runs as root: nobody else may trace the server.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { BACK_WITHIN, chance, Killable, seed } from './killable.mjs';
import { binary, startSandbox } from './server.mjs';

const CALLS = Number(process.env.COUNTERSIGN_CALLS ?? 0);
const SAMPLE = 8;
/**
 * How long it goes on failing at least, where it does until it is mended. The server opens its data file anew at
 * once and again after a second: with the call that failed first these are three failures.
 */
const FAILING = 1500;
const FAILURES = 3;
const WRITER = 'store-writer';
/** Of six calls that change the file one syncs it; each kind is counted on its own. */
const KINDS = ['pwrite64', 'pwrite64', 'pwrite64', 'pwrite64', 'pwrite64', 'fdatasync'];
const ERRORS = ['EIO', 'ENOSPC'];

const sandbox = new Killable();
const { acknowledged } = sandbox;
acknowledged.mayFail = true;

before(() => sandbox.arrive());
after(() => sandbox.leave());

const data = () => join(sandbox.folder, 'data', 'countersign.redb');

/** The thread that writes, as the system numbers it. */
async function writer() {
  const tasks = `/proc/${sandbox.pid}/task`;
  for (const task of await readdir(tasks)) {
    if ((await readFile(join(tasks, task, 'comm'), 'utf8')).trim() === WRITER) return task;
  }
  throw new Error(`no thread called ${WRITER}`);
}

/** Errors in the calls of the writer: `failed` says when so many came, `mend` ends them. */
async function breakDisk(kind, error, when) {
  const inject = `${kind}:error=${error}:when=${when}`;
  const args = ['-p', await writer(), '-P', data(), '-e', `trace=${kind}`, '-e', `inject=${inject}`];
  const child = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let said = '';
  let tell = () => {};
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text) => {
    said += text;
    tell();
  });
  const until = (what, times) =>
    new Promise((resolve, reject) => {
      tell = () => said.split(what).length > times && resolve();
      ended.then(() => reject(new Error(`strace ended: ${said}`)));
      tell();
    });
  await until('attached', 1);
  return {
    failed: (times) => until('(INJECTED)', times),
    mend: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

async function backInService() {
  const begun = Date.now();
  while ((await acknowledged.ready()) !== 200) {
    assert.ok(Date.now() - begun < BACK_WITHIN, 'it is not ready again');
    await wait(10);
  }
  return Date.now() - begun;
}

/** Nothing that is asked from now on is granted: whoever was asked before may still be answered. */
async function grantsNothing(disk, stopped, clients) {
  stopped.now = true;
  await Promise.all(clients);
  const before = acknowledged.count;
  const meanwhile = { now: false };
  const asking = acknowledged.clients(meanwhile);
  await Promise.race([Promise.all([wait(FAILING), disk.failed(FAILURES)]), Promise.race(asking)]);
  assert.equal(await acknowledged.ready(), 503, 'ready while nothing can be written');
  meanwhile.now = true;
  await Promise.all(asking);
  assert.equal(acknowledged.count, before, 'something was granted while the disk failed');
}

/** One fault; how long it took to be back in service. */
async function round({ kind, error, call, lasting }) {
  const disk = await breakDisk(kind, error, lasting ? `${call}+` : `${call}`);
  const stopped = { now: false };
  const clients = acknowledged.clients(stopped);
  try {
    await Promise.race([disk.failed(1), Promise.race(clients)]);
    if (lasting) await grantsNothing(disk, stopped, clients);
  } finally {
    await disk.mend();
  }
  const back = await backInService();
  stopped.now = true;
  await Promise.all(clients);
  await acknowledged.judge();
  return back;
}

/** Each of the first calls with either error, or some of them; every other one fails until it is mended. */
function rounds() {
  const calls = Array.from({ length: CALLS || 500 }, (_, at) => ({
    // The calls of a kind are counted on their own.
    kind: KINDS[at % KINDS.length],
    call: KINDS[at % KINDS.length] === 'fdatasync' ? Math.floor(at / 6) + 1 : at + 1 - Math.floor((at + 1) / 6),
  }));
  if (CALLS) {
    return calls.flatMap((call, at) => ERRORS.map((error, which) => ({ ...call, error, lasting: (at + which) % 2 === 0 })));
  }
  return Array.from({ length: SAMPLE }, (_, at) => {
    const call = calls[Math.floor(chance() * calls.length)];
    return { ...call, error: ERRORS[at % 2], lasting: at % 4 < 2 };
  });
}

/** Starts on a disk that fails at a call: it comes up all the same, or ends and says why. */
async function startOnFailingDisk({ kind, error, call }) {
  const inject = `${kind}:error=${error}:when=${call}`;
  const args = `-D -f -qq -o /dev/null -P '${data()}' -e trace=${kind} -e inject=${inject}`;
  const wrapped = join(sandbox.folder, 'failing');
  const bare = binary();
  await writeFile(wrapped, `#!/bin/sh\nexec strace ${args} '${bare}' "$@"\n`, { mode: 0o700 });
  process.env.COUNTERSIGN_BIN = wrapped;
  try {
    const { server } = await startSandbox(sandbox.folder);
    await server.kill();
    return 'up';
  } catch (failure) {
    assert.match(failure.message, /ended before line/);
    assert.match(failure.message, /data file|countersign\.redb/, 'it does not say what failed');
    return 'ended';
  } finally {
    process.env.COUNTERSIGN_BIN = bare;
  }
}

const all = rounds();
it(`goes on when its disk fails ${all.length} times (seed ${seed})`, { timeout: all.length * 60_000 }, async () => {
  let longest = 0;
  for (const [at, one] of all.entries()) {
    try {
      longest = Math.max(longest, await round(one));
    } catch (error) {
      error.message = `${JSON.stringify(one)}: ${error.message}`;
      throw error;
    }
    if (CALLS && at % 100 === 99) console.log(JSON.stringify({ rounds: at + 1, ...acknowledged.seen, back: longest }));
  }
  const { seen } = acknowledged;
  console.log(JSON.stringify({ seed, rounds: all.length, ...seen, back: longest }));
  for (const what of ['issued', 'redeemed', 'refreshed', 'revoked', 'unavailable']) assert.ok(seen[what] > 0, what);
});

const starts = ERRORS.flatMap((error) =>
  Array.from({ length: CALLS ? 20 : 1 }, (_, at) => ({
    kind: (at + (error === 'EIO')) % 2 ? 'fdatasync' : 'pwrite64',
    call: CALLS ? Math.floor(at / 2) + 1 : 1 + Math.floor(chance() * 2),
    error,
  })));
it(`loses nothing when its disk fails while it starts, ${starts.length} times`, { timeout: starts.length * 120_000 }, async () => {
  const came = { up: 0, ended: 0 };
  for (const one of starts) {
    await sandbox.kill();
    came[await startOnFailingDisk(one)] += 1;
    await sandbox.start();
    await acknowledged.judge();
  }
  const connections = await acknowledged.finish();
  console.log(JSON.stringify({ starts: starts.length, ...came, connections }));
  assert.ok(came.ended > 0, 'none of them failed');
});
