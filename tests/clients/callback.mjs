// A client program's own end of the flow.

import { createServer } from 'node:http';

/** Waits on a loopback port for the browser. */
export async function callbackListener() {
  const arrived = [];
  const waiting = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, redirectUri);
    if (url.pathname !== '/callback') {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end('<!doctype html><html lang="en"><title>Back</title><h1>Back in the program</h1>');
    const next = waiting.shift();
    if (next) next(url);
    else arrived.push(url);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const redirectUri = `http://127.0.0.1:${server.address().port}/callback`;
  return {
    redirectUri,
    /** The URL with which the browser comes back. */
    next: () =>
      arrived.length > 0
        ? Promise.resolve(arrived.shift())
        : new Promise((resolve, reject) => {
            const late = setTimeout(() => reject(new Error('the browser did not come back')), 60_000);
            waiting.push((url) => {
              clearTimeout(late);
              resolve(url);
            });
          }),
    /** Whether the browser came back without being waited for. */
    cameBack: () => arrived.length > 0,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
