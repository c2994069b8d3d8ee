/** Control of nodes and links, as it crosses HTTP. */
import * as z from 'zod';
import { EntryView, MembersView, NodeView } from './view.ts';

/** `POST /api/v1/nodes/{id}/kill` and `/revive`: answers when it is done. */
export const NodeActionAnswer = z.object({
  node: z.string(),
  state: NodeView.shape.state,
  tookMs: z.number().describe('From the request to the thread being gone, or serving, ms.'),
});
export type NodeActionAnswer = z.infer<typeof NodeActionAnswer>;

/** `POST /api/v1/members`: makes a node and adds it. */
export const AddMemberBody = z.strictObject({
  as: z
    .enum(['voter', 'learner'])
    .default('voter')
    .describe('A voter once it has caught up, or a learner that stays one.'),
});
export type AddMemberBody = z.infer<typeof AddMemberBody>;

/** Of every change of members, when it is done: committed, and not joint any more. */
export const MemberAnswer = MembersView.extend({
  node: z.string().describe('The node that came, was promoted, or went.'),
  tookMs: z.number(),
});
export type MemberAnswer = z.infer<typeof MemberAnswer>;

/** `GET /api/v1/nodes/{id}/log?from&limit`. */
export const LogAnswer = z.object({
  node: z.string(),
  lastIndex: z.number().int(),
  entries: z.array(EntryView),
});
export type LogAnswer = z.infer<typeof LogAnswer>;
