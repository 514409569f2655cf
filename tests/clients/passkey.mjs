// A passkey in software, for a person without a browser: P-256, no counter, the person verified.

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const PRESENT_AND_VERIFIED = 0x05;
const ATTESTED = 0x40;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const base64url = (bytes) => Buffer.from(bytes).toString('base64url');

/** The little of CBOR (RFC 8949) that an attestation needs. */
function cbor(value) {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flat().map(cbor)]);
}

function head(kind, size) {
  if (size < 24) return Buffer.from([(kind << 5) | size]);
  return Buffer.from([(kind << 5) | 25, size >> 8, size & 255]);
}

export class Passkey {
  #private;
  #point;
  #id = randomBytes(20);
  #origin;

  constructor(origin) {
    this.#origin = origin;
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#private = privateKey;
    this.#point = publicKey.export({ format: 'jwk' });
  }

  /** `navigator.credentials.create()`. */
  create(options) {
    const [x, y] = [this.#point.x, this.#point.y].map((part) => Buffer.from(part, 'base64url'));
    const key = new Map([[1, 2], [3, -7], [-1, 1], [-2, x], [-3, y]]);
    const size = Buffer.from([0, this.#id.length]);
    const data = Buffer.concat([this.#data(ATTESTED), Buffer.alloc(16), size, this.#id, cbor(key)]);
    const statement = new Map([['fmt', 'none'], ['attStmt', new Map()], ['authData', data]]);
    return this.#answer({
      clientDataJSON: this.#client('webauthn.create', options),
      attestationObject: cbor(statement),
    }, { transports: ['internal'] });
  }

  /** `navigator.credentials.get()`. */
  get(options) {
    const data = this.#data(0);
    const client = this.#client('webauthn.get', options);
    const signature = sign('sha256', Buffer.concat([data, sha256(client)]), this.#private);
    return this.#answer({ clientDataJSON: client, authenticatorData: data, signature });
  }

  #client(type, { challenge }) {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.#origin, crossOrigin: false }));
  }

  #data(more) {
    const party = sha256(new URL(this.#origin).hostname);
    return Buffer.concat([party, Buffer.from([PRESENT_AND_VERIFIED | more]), Buffer.alloc(4)]);
  }

  #answer(parts, more = {}) {
    const response = { ...more };
    for (const [name, bytes] of Object.entries(parts)) response[name] = base64url(bytes);
    const id = base64url(this.#id);
    return JSON.stringify({ id, rawId: id, type: 'public-key', response, clientExtensionResults: {} });
  }
}
