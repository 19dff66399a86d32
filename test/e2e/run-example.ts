import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AgentProcess, HOME, startAgent, temporaryFolder } from './agent-process.ts'

/** The names in `# needs: hdfs kafka` on the first line of an example: the servers that it cannot run without. */
export function needsOf(text: string): string[] {
  const [, names = ''] = /^#\s*needs:(.*)/.exec(text) ?? []
  return names.split(/[\s,]+/).filter(name => name !== '')
}

/** Runs an example in an empty folder until everything is up, and stops it. Fails when it warns of anything. */
export async function runExample(text: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  using folder = exampleFolder(text)
  await using agent = await startAgent(['--strict', '-c', folder.path, '-f', 'example.conf'], {
    cwd: folder.path,
    env: { FLUME_HOME: folder.path, ...env }
  })
  const ending = await agent.stop()

  assert.deepEqual(ending, { code: 143, signal: null })
  // A server of a moment ago may take its time over the last batch.
  assert.doesNotMatch(agent.output, /\b(?:ERROR|WARN)\b(?!.*Still stopping\.)/)
}

/** Only checks it, as where a server that it needs cannot be had. */
export async function checkExample(text: string): Promise<void> {
  using folder = exampleFolder(text)
  await using agent = new AgentProcess(
    ['validate', '--strict', '-c', folder.path, '-f', join(folder.path, 'example.conf')],
    {
      cwd: folder.path,
      env: { FLUME_HOME: folder.path }
    }
  )

  const { code } = await agent.ended()

  assert.equal(code, 0, agent.output)
}

/** A folder with the example and what stands around it. */
export function exampleFolder(text: string): ReturnType<typeof temporaryFolder> {
  const folder = temporaryFolder({
    'example.conf': text,
    'core-site.xml': readFileSync(join(HOME, 'conf/core-site.xml'), 'utf8')
  })
  for (const directory of directoriesOf(text)) mkdirSync(join(folder.path, directory), { recursive: true })
  return folder
}

function directoriesOf(text: string): string[] {
  return [...text.matchAll(/\.sink\.directory\s*=\s*(\S+)/g)].map(match => match[1] ?? '')
}
