/** How a node speaks with whoever runs it: over the port of its thread, or the channel of its process. */
import type { FromNode, ToNode } from './control.ts';

export interface NodeDoor {
  tell(message: FromNode): void;
  /** Called once; what came before is taken first. */
  onMessage(take: (message: ToNode) => void): void;
  /** Returns when the node may run on: at once unless it was paused. */
  pass(): void;
  /** Nothing more will be told: the thread, or the process, ends when all that was is out. */
  close(): void;
}
