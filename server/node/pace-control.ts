/** What the main thread and a node say to each other about speed, and about messages on their way. */
import type { Message, MessageType } from '../raft/messages.ts';
import type { NodeId } from '../raft/types.ts';

export type PaceAsk =
  /** Time runs at `pace` (cluster time in real time, ≥ 0) from now on; other clocks need not yet. */
  | { readonly do: 'pace'; readonly pace: number; readonly trustLeases: boolean }
  /** When is something due? Forgets what has happened. */
  | { readonly do: 'next' }
  /** Stands still: moves on by `ms`, and, if `fire`, lets the first thing happen that is due then. */
  | { readonly do: 'advance'; readonly ms: number; readonly fire: boolean }
  /** What has happened, once all that follows from it is done and durable? */
  | { readonly do: 'settle' }
  | { readonly do: 'drop'; readonly boot: number; readonly number: number };

export type PaceAnswer =
  | { readonly of: 'done' }
  /** Cluster ms, ≥ 0; null: nothing is armed. */
  | { readonly of: 'next'; readonly dueInMs: number | null }
  | { readonly of: 'happened'; readonly happenings: readonly Happening[] }
  | { readonly of: 'drop'; readonly result: DropResult };

/** Of what a step did, as a node saw it. */
export type Happening =
  | {
      readonly type: 'sent' | TransitEnd;
      readonly from: NodeId;
      readonly to: NodeId;
      readonly message: MessageType;
    }
  | { readonly type: 'electionTimeout'; readonly node: NodeId };

/** `gone`: it is not on its way any more; `unknown`: it never was. */
export type DropResult = 'dropped' | 'gone' | 'unknown';
export type TransitEnd = 'arrived' | 'dropped' | 'lost';

/** Numbers rise by one for each message that a sender lets go in one life. */
export type TransitEvent =
  | {
      readonly type: 'sent';
      readonly number: number;
      readonly message: Message;
      /** Cluster ms. */
      readonly takesMs: number;
    }
  | {
      readonly type: 'ended';
      readonly number: number;
      readonly how: TransitEnd;
      readonly message: Message;
    };
export type OnTransit = (event: TransitEvent) => void;

/** A message that was slowed has come, before anything is made of it: which one, of which life of its sender. */
export interface ReceivedEvent {
  readonly type: 'received';
  readonly from: NodeId;
  readonly boot: number;
  readonly number: number;
}

/** Of what a node sends, and of what comes. */
export type OnSlowed = (event: TransitEvent | ReceivedEvent) => void;

/** What a node did while it was slowed, in the order in which it did it. */
export type TraceStep =
  | { readonly type: 'sent'; readonly number: number }
  | ReceivedEvent
  | {
      readonly type: 'mark';
      readonly mark: 'timeout' | 'candidate' | 'leader' | 'follower' | 'commit';
      readonly term: number;
      readonly index: number | null;
    };

/** A message as a person reads it. */
export interface MessageSummary {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly type: MessageType;
  readonly term: number;
  /** It says no. */
  readonly refused: boolean;
  /** Log entries carried. */
  readonly entries: number;
  /** What else it says, under the names that the paper has for it. */
  readonly fields: readonly { readonly name: string; readonly value: string }[];
}

/** Of one sender, in its `boot`th life. */
export interface TransitReport {
  readonly from: NodeId;
  readonly boot: number;
  /** Newest last; at most 64, of more the newest. */
  readonly sent: readonly (MessageSummary & {
    readonly number: number;
    readonly takesMs: number;
  })[];
  readonly ended: readonly { readonly number: number; readonly how: TransitEnd }[];
  /** What is sent is told of in `sent`; newest last, at most 256, of more the newest. */
  readonly steps: readonly TraceStep[];
}
