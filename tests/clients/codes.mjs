// Verification codes. The server takes each step of an authenticator once and never an older one,
// so codes are handed out in strictly increasing steps (the previous, the current and the next one
// count), then from the user's recovery codes, and only then by waiting. What was handed out is
// kept in a file, because several processes may act for one user: the steps of each authenticator,
// and how many recovery codes of each user.

import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const STEP = 30_000;
/** A code of the previous step is not handed out so shortly before it expires: pages are filled in meanwhile. */
const MARGIN = 10_000;

/** The code of an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds). */
export function totp(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', base32(secret)).update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

function base32(text) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...text.replace(/[\s=]/g, '').toUpperCase()]
    .map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

/** The present as the server under test has it: COUNTERSIGN_AHEAD is by how many days it is ahead. */
const now = () => Date.now() + Number(process.env.COUNTERSIGN_AHEAD ?? 0) * 86_400_000;

/** The step of this moment. */
export const currentStep = () => Math.floor(now() / STEP);

function kept() {
  const file = process.env.COUNTERSIGN_CODES;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

function keep(all) {
  writeFileSync(process.env.COUNTERSIGN_CODES, JSON.stringify(all), { mode: 0o600 });
}

function nextStep(last) {
  const current = currentStep();
  const left = STEP - (now() % STEP);
  return Math.max(last + 1, left < MARGIN ? current : current - 1);
}

/** The next authenticator code of `user`, waiting for it if need be. */
export async function authenticatorCode(user) {
  const step = nextStep(kept()[user.totp_secret] ?? 0);
  keep({ ...kept(), [user.totp_secret]: step });
  if (step > currentStep() + 1) await wait((step - 1) * STEP - now() + 50);
  return totp(user.totp_secret, step);
}

/** A recovery code of `user` that was not handed out yet. */
export function recoveryCode(user) {
  const used = kept()[user.email] ?? 0;
  const code = user.recovery_codes?.[used];
  if (code) keep({ ...kept(), [user.email]: used + 1 });
  return code;
}

/** How many recovery codes of `user` were not handed out yet. */
export const codesLeft = (user) =>
  (user.recovery_codes?.length ?? 0) - (kept()[user.email] ?? 0);

/** `user` made new recovery codes: the former ones are none any more. */
export function replaceCodes(user, codes) {
  keep({ ...kept(), [user.email]: 0 });
  user.recovery_codes = codes;
}

/** A code that works now, without waiting as long as there is any. */
export async function anyCode(user) {
  const last = kept()[user.totp_secret] ?? 0;
  if (nextStep(last) <= currentStep() + 1) return authenticatorCode(user);
  return recoveryCode(user) ?? authenticatorCode(user);
}

/** Six digits that are no code of `user` now. */
export function wrongCode(user) {
  const current = currentStep();
  const right = [-2, -1, 0, 1, 2].map((away) => totp(user.totp_secret, current + away));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((c) => !right.includes(c));
}
