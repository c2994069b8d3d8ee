/** Server-sent events out of text that comes in any pieces (the HTML standard, 9.2.6). Each piece is looked through once. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

export class EventParser {
  /** The line that is not over yet. */
  private pieces: string[] = [];
  private event = '';
  private data: string[] = [];

  push(text: string): readonly ServerEvent[] {
    const events: ServerEvent[] = [];
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.pieces.push(text.slice(from, end));
      from = end + 1;
      const line = this.pieces.join('');
      this.pieces = [];
      const event = this.take(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (event !== null) events.push(event);
    }
    if (from < text.length) this.pieces.push(text.slice(from));
    return events;
  }

  private take(line: string): ServerEvent | null {
    if (line === '') {
      const { event, data } = this;
      this.event = '';
      this.data = [];
      return data.length === 0 ? null : { event, data: data.join('\n') };
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const rest = colon === -1 ? '' : line.slice(colon + 1);
    const value = rest.startsWith(' ') ? rest.slice(1) : rest;
    if (name === 'event') this.event = value;
    else if (name === 'data') this.data.push(value);
    return null;
  }
}
