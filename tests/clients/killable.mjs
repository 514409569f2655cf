// A sandbox that is killed and started again on the same data, under clients that hold it to its word.
//
// COUNTERSIGN_SEED repeats the choices; COUNTERSIGN_BACK_WITHIN has it back in service within so many
// milliseconds, in place of five seconds.

import { join } from 'node:path';

import { Acknowledged, chanceOf } from './acknowledged.mjs';
import { startSandbox, temporaryFolder } from './server.mjs';

export const BACK_WITHIN = Number(process.env.COUNTERSIGN_BACK_WITHIN ?? 5000);
export const seed = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 2 ** 32);
export const chance = chanceOf(seed);

export class Killable {
  acknowledged = new Acknowledged(chance);
  #folder;
  #server;

  get folder() {
    return this.#folder.path;
  }

  get pid() {
    return this.#server.pid;
  }

  /** The first start, on a folder of its own; the owner signs in. */
  async arrive() {
    this.#folder = await temporaryFolder();
    process.env.COUNTERSIGN_CODES = join(this.folder, 'codes.json');
    await this.start();
    await this.acknowledged.arrive();
  }

  async start() {
    const { server, site } = await startSandbox(this.folder);
    this.#server = server;
    await this.acknowledged.ask(site);
  }

  kill() {
    return this.#server.kill();
  }

  /** Stops it in order and leaves nothing behind. */
  async leave() {
    await this.#server?.stop();
    await this.#folder?.remove();
  }
}
