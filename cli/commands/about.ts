/** `help` and `completion`: the table of commands about itself. */
import type { Command } from '../command.ts';
import { completionFor, SHELLS } from '../completion.ts';
import { guideOf } from '../guide.ts';
import { helpOf, overview } from '../help.ts';
import type { Group } from '../help.ts';
import { commandOf } from '../parse.ts';

/** `all` is asked when a command runs: these two are part of it. */
export function aboutCommands(all: () => readonly Group[]): readonly Command[] {
  const commands = (): readonly Command[] => all().flatMap(({ commands: each }) => each);

  const help: Command = {
    name: 'help',
    summary: 'What there is, or what one command does, with examples',
    arguments: [{ name: 'COMMAND', need: 'any', about: 'One or two words' }],
    options: [{ name: 'markdown', about: 'All of it, as the guide has it' }],
    examples: [
      { line: 'chronoraft help', about: 'all commands' },
      { line: 'chronoraft help put', about: 'one of them' },
    ],
    async run(call) {
      const words = call.all('COMMAND');
      if (call.flag('markdown')) {
        await call.print([guideOf(all()).trimEnd()]);
        return undefined;
      }
      if (words.length === 0) {
        await call.print(overview(all()));
        return undefined;
      }
      const found = commandOf(commands(), words);
      if (found !== null && found.rest.length === 0) {
        await call.print(helpOf(found.command));
        return undefined;
      }
      const group = commands().filter(({ name }) => name.startsWith(`${words.join(' ')} `));
      if (group.length === 0) call.refuse(`there is no command "${words.join(' ')}"`);
      await call.print(group.map(({ name, summary }) => `chronoraft ${name}\t${summary}`));
      return undefined;
    },
  };

  const completion: Command = {
    name: 'completion',
    summary: 'A script that completes commands, options and choices in a shell',
    arguments: [{ name: 'SHELL', need: 'one', about: SHELLS.join(', '), offers: SHELLS }],
    options: [],
    examples: [
      {
        line: 'chronoraft completion bash > chronoraft.bash',
        about: 'then: source chronoraft.bash',
      },
      { line: 'chronoraft completion zsh > _chronoraft', about: 'into a folder of your fpath' },
      {
        line: 'chronoraft completion fish > chronoraft.fish',
        about: 'then: source chronoraft.fish',
      },
    ],
    async run(call) {
      const shell = SHELLS.find((each) => each === call.argument('SHELL'));
      if (shell === undefined) return call.refuse(`completion is for ${SHELLS.join(', ')}`);
      await call.print(completionFor(shell, commands()));
      return undefined;
    },
  };
  return [help, completion];
}
