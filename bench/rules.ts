import { writeFileSync } from 'node:fs';
import { readTests, rulesDocument } from './rules-table.ts';

/** `npm run rules`: writes docs/rules.md. */
writeFileSync('docs/rules.md', rulesDocument(readTests('.')));
