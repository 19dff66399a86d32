// Examples whose first line says `# needs: NAME` run against that server; where it cannot be had they are only checked.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { HOME } from '../e2e/agent-process.ts'
import { checkExample, needsOf, runExample } from '../e2e/run-example.ts'
import { descriptionOf } from './launch.ts'
import { Service, startService, type Skipped } from './start-service.ts'

const examples = globSync(['src/components/*/*/*.conf', 'examples/**/*.conf'], { cwd: HOME })
  .sort()
  .map(path => ({ path, text: readFileSync(join(HOME, path), 'utf8') }))
  .filter(({ text }) => needsOf(text).length > 0)

/** Each is started once, by the first example that needs it. */
const started = new Map<string, Promise<Service | Skipped>>()

after(async () => {
  for (const service of await Promise.allSettled(started.values()))
    if (service.status === 'fulfilled' && service.value instanceof Service) await service.value.stop()
})

for (const { path, text } of examples) {
  test(`${path} runs with ${needsOf(text).join(' and ')}`, async t => {
    let [own, environment] = [text, {}]
    for (const name of needsOf(text)) {
      const service = await serviceNamed(name)
      if (!(service instanceof Service)) {
        await checkExample(text)
        return t.skip(`only checked: ${service.skip}`)
      }
      const { examples: spoken } = await descriptionOf(name)
      own = atPortsOf(service, spoken.ports, own)
      environment = { ...environment, ...spoken.environment }
    }
    await runExample(own, environment)
  })
}

async function serviceNamed(name: string): Promise<Service | Skipped> {
  const service = started.get(name) ?? startService(name)
  started.set(name, service)
  return await service
}

function atPortsOf(service: Service, ports: Readonly<Record<number, string>>, text: string): string {
  return Object.entries(ports).reduce(
    (changed, [port, fact]) =>
      changed.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), String(service.port(fact))),
    text
  )
}
