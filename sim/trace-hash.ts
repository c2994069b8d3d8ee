/** A hash of everything that happened in a run, in order: equal seeds, equal hashes (FNV-1a, 32 bits). */

export class TraceHash {
  private state = 0x811c9dc5;
  events = 0;

  add(text: string): void {
    this.events++;
    for (let i = 0; i < text.length; i++) {
      this.state = Math.imul(this.state ^ text.charCodeAt(i), 0x01000193);
    }
  }

  get hex(): string {
    return (this.state >>> 0).toString(16).padStart(8, '0');
  }
}
