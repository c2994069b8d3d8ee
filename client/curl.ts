/**
 * What a call of the API is on a command line. The call itself is made, with a
 * fetch that writes the request down and sends nothing, so the command cannot
 * differ from what a button does.
 */
import type { ApiRequest } from './api-request.ts';
import { ChronoraftClient } from './http-client.ts';

/** One request of the API: as data, or as its client makes it. */
export type Call = ApiRequest | ((client: ChronoraftClient) => Promise<unknown>);

/** One command a line, for a POSIX shell; `origin` is that of the server, without a slash at its end. */
export function curlOf(origin: string, calls: readonly Call[]): string {
  return calls.map((call) => requestsOf(origin, call).join('\n')).join('\n');
}

function requestsOf(origin: string, call: Call): readonly string[] {
  const lines: string[] = [];
  const client = new ChronoraftClient({
    baseUrl: origin,
    fetch: (input, init) => {
      lines.push(commandOf(input instanceof Request ? input.url : input.toString(), init));
      return Promise.reject(new Error('written down, not sent'));
    },
  });
  // It is written down before the call returns; the client turns the refusal into data.
  void (typeof call === 'function' ? call(client) : client.fault(call));
  return lines;
}

function commandOf(url: string, { method = 'GET', headers, body }: RequestInit = {}): string {
  const type = new Headers(headers).get('content-type');
  return [
    'curl',
    ...(method === 'GET' ? [] : ['-X', method]),
    quoted(url),
    ...(type === null ? [] : ['-H', quoted(`content-type: ${type}`)]),
    ...(typeof body === 'string' ? ['-d', quoted(body)] : []),
    // Where the shell has the file, only the person knows: in the folder that it is in.
    ...(body instanceof File ? ['--data-binary', quoted(`@${body.name}`)] : []),
  ].join(' ');
}

/** Within single quotes a shell changes nothing; a single quote itself stands outside of them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
