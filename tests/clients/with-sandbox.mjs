// node with-sandbox.mjs COMMAND ARGUMENT…
//
// Runs the command beside a fresh sandbox. The command finds it through the environment, and
// trusts its CA the way each client is told to: by NODE_EXTRA_CA_CERTS, SSL_CERT_FILE and so on.

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { browserHome, startSandbox, temporaryFolder } from './server.mjs';

const [command, ...args] = process.argv.slice(2);
if (!command) {
  console.error('usage: node with-sandbox.mjs COMMAND ARGUMENT…');
  process.exit(2);
}

const folder = await temporaryFolder();
let sandbox;
let status = 1;
try {
  sandbox = await startSandbox(folder.path);
  const siteFile = join(folder.path, 'site.json');
  await writeFile(siteFile, JSON.stringify(sandbox.site), { mode: 0o600 });
  const ca = sandbox.site.ca_file;
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: {
      ...process.env,
      COUNTERSIGN_SITE: siteFile,
      COUNTERSIGN_CODES: join(folder.path, 'codes.json'),
      COUNTERSIGN_BROWSER_HOME: await browserHome(folder.path, ca),
      NODE_EXTRA_CA_CERTS: ca,
      SSL_CERT_FILE: ca,
      REQUESTS_CA_BUNDLE: ca,
      CURL_CA_BUNDLE: ca,
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
} catch (error) {
  console.error(error.message);
} finally {
  try {
    await sandbox?.server.stop();
    if (status !== 0 && sandbox) console.error(`The server said:\n${sandbox.server.errors}`);
  } catch (error) {
    console.error(error.message);
    status ||= 1;
  }
  await folder.remove();
}
process.exit(status);
