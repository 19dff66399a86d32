import { defineInterceptor } from '../../../core/component.ts'
import { MissingHeader } from '../../../core/headers.ts'
import { flag, text } from '../../../core/schema.ts'

export default defineInterceptor({
  type: 'static',
  classes: ['org.apache.flume.interceptor.StaticInterceptor$Builder'],
  stability: 'stable',
  summary: 'Puts the same header on every event.',
  settings: {
    key: text('key', { doc: 'Name of the header.', default: 'key' }),
    value: text('value', { doc: 'Value of the header.', default: 'value' }),
    preserveExisting: flag('preserveExisting', {
      doc: 'Leaves alone events that have the header.',
      default: true
    })
  },
  headers: ({ key = 'key' }) => ({ always: [key], more: false }),
  create: ({ key, value, preserveExisting }) => ({
    intercept: batch =>
      preserveExisting && !batch.headers.empty
        ? batch.withHeaders(new MissingHeader(batch.headers, key, value))
        : batch.withHeader(key, value)
  })
})
