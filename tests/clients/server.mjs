// Starts the built binary and stops it again; makes a browser profile that trusts its CA.

import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const READY_WITHIN = 60_000;
const STOPPED_WITHIN = 60_000;

/** The binary under test. */
export function binary() {
  const path = process.env.COUNTERSIGN_BIN;
  if (!path) throw new Error('COUNTERSIGN_BIN must name the built binary (tests/run sets it)');
  return path;
}

/** A folder that `remove` takes away again. */
export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'countersign-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A port of this machine that nobody listens at, for a program that must be told one. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A home folder whose Chromium trusts this CA, as a company's machines are set up. */
export async function browserHome(folder, caFile) {
  const home = join(folder, 'home');
  const database = join(home, '.pki', 'nssdb');
  await mkdir(database, { recursive: true });
  await run('certutil', ['-d', `sql:${database}`, '-N', '--empty-password']);
  await run('certutil', ['-d', `sql:${database}`, '-A', '-t', 'C,,', '-n', 'sandbox', '-i', caFile]);
  return home;
}

/** A running server: its output so far, and a way to wait for a line of it and to stop it. */
export class Server {
  #child;
  #ended;
  output = '';
  errors = '';
  #watchers = new Set();

  constructor(args, env = {}) {
    this.#child = spawn(binary(), args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const watch = (stream, into) => {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        this[into] += text;
        for (const watcher of this.#watchers) watcher();
      });
    };
    watch(this.#child.stdout, 'output');
    watch(this.#child.stderr, 'errors');
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve({ error }));
      this.#child.once('exit', (status, signal) => resolve({ status, signal }));
    });
  }

  /** Its number among the processes. */
  get pid() {
    return this.#child.pid;
  }

  /** What `find` finds in all that was printed, as soon as it finds something. */
  async until(find, what) {
    let watcher;
    let timer;
    const found = new Promise((resolve, reject) => {
      watcher = () => {
        const result = find(this.output, this.errors);
        if (result) resolve(result);
      };
      timer = setTimeout(() => reject(new Error(`no ${what} in time`)), READY_WITHIN);
      this.#ended.then((end) => reject(new Error(`ended before ${what}: ${JSON.stringify(end)}`)));
    });
    this.#watchers.add(watcher);
    watcher();
    try {
      return await found;
    } catch (error) {
      throw new Error(`${error.message}\n${this.output}${this.errors}`);
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(watcher);
    }
  }

  /** Kills it in the middle of whatever it does; answers when it is gone. */
  async kill() {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Asks it to stop, as a supervisor would, and insists that it ends in order. */
  async stop() {
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOPPED_WITHIN);
    const end = await this.#ended;
    clearTimeout(late);
    if (end.status !== 0) {
      throw new Error(`did not stop in order: ${JSON.stringify(end)}\n${this.errors}`);
    }
  }
}

/** Starts `sandbox` on a free port, or on the one that the folder knows; answers the object that it prints. */
export async function startSandbox(folder, more = []) {
  const data = join(folder, 'data');
  const server = new Server(['sandbox', '--json', '--listen', '127.0.0.1:0', '--data-dir', data, ...more]);
  const line = await server.until((output) => output.match(/^\{.*\}$/m)?.[0], 'line with JSON');
  const site = JSON.parse(line);
  await readFile(site.ca_file);
  return { server, site };
}
