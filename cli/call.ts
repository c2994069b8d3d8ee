/** One call of a command: its words read as what they mean, the server, and the two ways to answer. */
import type { ApiResult } from '../client/api-failure.ts';
import type { ChronoraftClient } from '../client/http-client.ts';
import type { Coordinates } from '../client/time-input.ts';
import type { Command } from './command.ts';
import { Connection } from './connection.ts';
import { CliError, usageError } from './failure.ts';
import { EXIT } from './exit-codes.ts';
import { write } from './io.ts';
import type { Io } from './io.ts';
import { seeHelp } from './parse.ts';
import type { Parsed } from './parse.ts';
import { revisionAt } from './revision-at.ts';
import { jsonText } from './text.ts';
import { instantOf, knownOf, spanOf } from './times.ts';

const TIMEOUT_MS = 5000;
/** The server takes no longer wish, ms. */
const LONGEST_TIMEOUT_MS = 60_000;

export class Call {
  readonly command: Command;
  readonly io: Io;
  /** JSON is wanted. */
  readonly json: boolean;
  private readonly parsed: Parsed;
  private made: Connection | null = null;

  constructor(command: Command, parsed: Parsed, io: Io) {
    this.command = command;
    this.parsed = parsed;
    this.io = io;
    this.json = parsed.options['json'] === true;
  }

  // --- what was typed ---------------------------------------------------------------

  /** An argument that the command needs. */
  argument(name: string): string {
    return this.optional(name) ?? this.refuse(`${this.command.name} needs ${name}`);
  }

  optional(name: string): string | undefined {
    return this.parsed.arguments[this.place(name)];
  }

  /** The last argument, however often it is there. */
  all(name: string): readonly string[] {
    return this.parsed.arguments.slice(this.place(name));
  }

  flag(name: string): boolean {
    return this.parsed.options[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.parsed.options[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** A whole number within bounds. */
  whole(name: string, least: number, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^-?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (Number.isNaN(value) || value < least || value > most)
      return this.refuse(`--${name} "${text}" is no whole number from ${least} to ${most}`);
    return value;
  }

  /** Milliseconds. */
  span(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : spanOf(name, text);
  }

  instant(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : instantOf(name, text, this.io.nowMs());
  }

  /** The two coordinates of a read, as two options say them. A time of knowledge is looked up first. */
  async view(at = 'at', asOf = 'as-of'): Promise<Coordinates> {
    const time = this.instant(at);
    const revision = await this.revision(asOf);
    return {
      ...(time !== undefined && { at: time }),
      ...(revision !== undefined && { asOf: revision }),
    };
  }

  async revision(name: string): Promise<number | undefined> {
    const text = this.text(name);
    const known = text === undefined ? undefined : knownOf(name, text, this.io.nowMs());
    if (known === undefined || 'revision' in known) return known?.revision;
    return revisionAt(this, known.atMs);
  }

  refuse(message: string): never {
    throw usageError(message, seeHelp(this.command));
  }

  // --- the server -------------------------------------------------------------------

  get connection(): Connection {
    const { env, interrupted } = this.io;
    this.made ??= new Connection({
      url: this.text('url') ?? given(env['CHRONORAFT_URL']),
      token: this.text('token') ?? given(env['CHRONORAFT_TOKEN']),
      timeoutMs: this.timeoutMs,
      interrupted,
    });
    return this.made;
  }

  get client(): ChronoraftClient {
    return this.connection.client;
  }

  get timeoutMs(): number {
    const ms = this.span('timeout') ?? TIMEOUT_MS;
    return ms > LONGEST_TIMEOUT_MS ? this.refuse('--timeout is at most 1m') : ms;
  }

  /** What the server answered. Throws what a person is told instead. */
  async ask<T>(request: Promise<ApiResult<T>>): Promise<T> {
    const result = await request;
    if (!result.ok && this.io.interrupted.aborted)
      throw result.failure.code === 'OUTCOME_UNKNOWN' ? interruptedWrite() : interrupted();
    return this.connection.unwrap(result);
  }

  // --- answers ----------------------------------------------------------------------

  /** Lines for people, or one document for programs. */
  async answer(document: unknown, lines: readonly string[]): Promise<void> {
    await this.print(this.json ? [jsonText(document)] : lines);
  }

  /** Lines as they are. */
  async print(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await write(this.io.stdout, `${lines.join('\n')}\n`);
  }

  /** Beside the answer: for the person who waits, not for the program that reads. */
  async note(text: string): Promise<void> {
    if (!this.json) await write(this.io.stderr, `${text}\n`);
  }

  private place(name: string): number {
    return this.command.arguments.findIndex((argument) => argument.name === name);
  }
}

export function interrupted(): CliError {
  return new CliError(EXIT.interrupted, 'INTERRUPTED', 'interrupted');
}

function interruptedWrite(): CliError {
  const message = 'interrupted; the write may or may not be committed, now or later';
  return new CliError(
    EXIT.interrupted,
    'OUTCOME_UNKNOWN',
    message,
    'read before you write it again',
  );
}

function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
