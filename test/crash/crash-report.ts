import { appendFileSync } from 'node:fs'

/**
 * Says what was done, as one line. `npm run crash` names a file in MILLRACE_CRASH_REPORT in which it collects these lines
 * for its summary.
 */
export function report(line: string): void {
  console.log(line)
  const file = process.env['MILLRACE_CRASH_REPORT']
  if (file !== undefined) appendFileSync(file, `${line}\n`)
}
