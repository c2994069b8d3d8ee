import type { Action } from './action.ts';

type Pressed = Pick<KeyboardEvent, 'ctrlKey' | 'key' | 'metaKey'>;

/** The action whose key was pressed; on a Mac, Cmd stands for Ctrl. */
export function actionOfKey(actions: readonly Action[], event: Pressed): Action | undefined {
  const held = event.ctrlKey || event.metaKey ? 'Ctrl ' : '';
  const pressed = `${held}${event.key}`.toLowerCase();
  return actions.find(({ keys }) => keys?.toLowerCase() === pressed);
}
