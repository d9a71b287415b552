// Extraction with a run that finds entities: documents in, documents with entities out.
#pragma once

#include "jobs/extract.h"

namespace relatum::jobs {

/// extract() for a run of `finetune --task entities`: of each document its text and the entities
/// found in it, with probabilities, as one JSON line in their order; what was marked in it does not
/// count. Memory does not grow with the number of documents. Those of standard input are answered
/// once no further one waits. What was begun cannot be gone on with. Throws Error.
ExtractResult extract_entities(const ExtractOptions& options, const Host& host);

}  // namespace relatum::jobs
