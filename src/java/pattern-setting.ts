import { AgentError } from '../core/errors.ts'
import { made, type Common, type Parsed, type Setting } from '../core/schema.ts'
import { compilePattern, type Pattern } from './pattern.ts'

/** A regular expression of Java. */
export function pattern(key: string, options: Common<string>): Setting<Pattern> {
  return made(key, 'pattern', options, parsePatternText)
}

/** The expression that a text is, or what is wrong with it; never throws. */
export function parsePatternText(text: string): Parsed<Pattern> {
  try {
    return { value: compilePattern(text) }
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    const { reason, index } = error.facts
    if (error.code === 'ERR_UNSUPPORTED') {
      return {
        problem: `is "${shown(text)}", which is a regular expression that cannot run here: ${String(reason)}`,
        hint: 'Say the same in another way.',
        code: 'REGEX_REFUSED'
      }
    }
    return {
      problem: `is "${shown(text)}", which is no regular expression: ${String(reason)} near index ${String(index)}`,
      hint: text.startsWith('*')
        ? 'A star repeats what stands before it: write .* where a shell has *, and \\\\. for a dot.'
        : 'Correct the expression. In a properties file each of its backslashes is written twice.',
      code: 'BAD_REGEX'
    }
  }
}

const LONGEST_SHOWN = 200

function shown(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`
}
