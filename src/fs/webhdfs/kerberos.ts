/** What is said of a cluster that wants Kerberos, by its site files as by its answers. */
export const KERBEROS = {
  sentence: 'The cluster wants Kerberos, which is not in this version.',
  hint: 'Get a delegation token (hdfs fetchdt --webservice, or curl) and set hdfs.delegationToken.'
} as const
