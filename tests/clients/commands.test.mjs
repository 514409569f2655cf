// The command line as scripts use it: exit statuses, refusals, and the guide that a person copies.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { binary, Server, startSandbox, temporaryFolder } from './server.mjs';

const execute = promisify(execFile);

/** Runs the binary; answers how it ended and what it said. */
async function run(args, env = {}) {
  const options = { env: { ...process.env, ...env }, timeout: 60_000 };
  try {
    const { stdout, stderr } = await execute(binary(), args, options);
    return { status: 0, stdout, stderr };
  } catch ({ code, stdout, stderr }) {
    return { status: code, stdout, stderr };
  }
}

describe('the command line', { timeout: 240_000 }, () => {
  let folder;

  before(async () => {
    folder = await temporaryFolder();
  });

  after(() => folder?.remove());

  it('helps, with an example in every command', async () => {
    const { status, stdout } = await run(['--help']);
    assert.equal(status, 0);
    const commands = [...stdout.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name);
    assert.ok(commands.includes('serve') && commands.includes('sandbox'));
    for (const command of commands.filter((name) => name !== 'help')) {
      const help = await run([command, '--help']);
      assert.equal(help.status, 0, command);
      assert.match(help.stdout, /Example/i, command);
    }
  });

  it('tells wrong use from a faulty configuration', async () => {
    assert.equal((await run(['--no-such-flag'])).status, 2);
    assert.equal((await run(['no-such-command'])).status, 2);
    const file = join(folder.path, 'faulty.toml');
    await writeFile(file, 'isuer = "https://a.example"\n[server]\nlisten = ["nowhere"]\n');
    for (const args of [['config', 'check', '--config', file], ['serve', '--config', file]]) {
      const { status, stderr } = await run(args);
      assert.equal(status, 78, args[0]);
      assert.match(stderr, /isuer.*did you mean issuer/s);
      assert.match(stderr, /server\.listen.*nowhere/s);
    }
    const variable = await run(['config', 'check'], { COUNTERSIGN__NO__SUCH: 'x' });
    assert.equal(variable.status, 78);
    assert.match(variable.stderr, /COUNTERSIGN__NO__SUCH|no\.such/);
  });

  it('keeps the sandbox to loopback, and apart from real data', async () => {
    for (const listen of ['0.0.0.0:0', '[::]:0', '192.0.2.1:8443']) {
      const { status, stderr } = await run(['sandbox', '--listen', listen]);
      assert.equal(status, 2, listen);
      assert.match(stderr, /loopback/);
    }
    const sandbox = join(folder.path, 'data');
    const { server } = await startSandbox(folder.path);
    await server.stop();
    const serving = await run(['serve'], { COUNTERSIGN__DATA__FOLDER: sandbox });
    assert.equal(serving.status, 1);
    assert.match(serving.stderr, /sandbox/);

    const real = join(folder.path, 'real');
    await mkdir(real);
    await writeFile(join(real, 'countersign.redb'), '');
    const playing = await run(['sandbox', '--listen', '127.0.0.1:0', '--data-dir', real]);
    assert.equal(playing.status, 1);
    assert.match(playing.stderr, /no sandbox/);
  });

  it('prints a guide whose commands work as they stand', async () => {
    const server = new Server(['sandbox', '--listen', '127.0.0.1:0'], { TMPDIR: folder.path });
    try {
      const guide = await server.until((output) => /Ctrl-C/.test(output) && output, 'guide');
      const commands = guide.match(/^ *curl (?:[^\n]*\\\n)*[^\n]*$/gm);
      assert.equal(commands.length, 2, guide);
      const shell = async (command) => {
        const { stdout } = await execute('bash', ['-c', `${command} --silent --show-error`]);
        return JSON.parse(stdout);
      };
      const token = await shell(commands[0]);
      assert.ok(token.access_token, JSON.stringify(token));
      const customers = await shell(commands[1].replace('<access_token>', token.access_token));
      assert.ok(customers.items.length > 0);
    } finally {
      await server.stop();
    }
    const left = (await readdir(folder.path)).filter((name) => name.startsWith('countersign-sandbox'));
    assert.deepEqual(left, [], 'the temporary folder goes with it');
  });
});
