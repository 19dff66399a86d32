import { reportRemoved, type Checked } from './check-component.ts'
import type { CheckContext } from './check-part.ts'
import type { Property } from './finding.ts'

/** Whether the component's batches fit into one transaction of each of its channels; says so when not. */
export function batchFits(
  component: Checked,
  channels: readonly Checked[],
  { agent, findings }: Pick<CheckContext, 'agent' | 'findings'>
): boolean {
  const { kind, name, batchSize } = component
  if (batchSize === undefined) return true
  const small = channels.filter(
    ({ transactionCapacity }) => transactionCapacity !== undefined && transactionCapacity < batchSize
  )
  for (const channel of small) {
    const word = kind === 'source' ? 'Source' : 'Sink'
    const capacity = channel.transactionCapacity ?? 0
    const whole =
      channel.properties['transactionCapacity'] === undefined ? `${capacity} by default` : String(capacity)
    const remark = {
      at: batchProperty(component) ?? component.at,
      key: `${agent.name}.${kind}s.${name}`,
      message:
        `Incompatible ${kind} and channel settings defined. ${kind}'s batch size is greater than the channels ` +
        `transaction capacity. ${word}: ${name}, batch size = ${batchSize}, channel ${channel.name}, transaction capacity = ${capacity}.`,
      hint: `Set ${agent.name}.channels.${channel.name}.transactionCapacity (${whole}) to ${batchSize} or more, or the batch size to ${capacity} or less.`
    }
    const limit = `${agent.name}.channels.${channel.name}.transactionCapacity`
    findings.follow('BATCH_GT_TXN', remark, { causes: [limit], codes: ['BAD_NUMBER'] })
  }
  if (small.length > 0) reportRemoved(kind, name, { agent, findings }, component.at)
  return small.length === 0
}

/** Where the batch size was written, if it was. */
function batchProperty({ text }: Checked): Property | undefined {
  for (const [key, property] of text?.properties ?? [])
    if (/(?:^|\.|flume)batchSize$/i.test(key)) return property
  return undefined
}
