// Extraction with a run that finds entities: documents in, documents with entities, and where the
// run names relations, too, with these, out.
#pragma once

#include "jobs/extract.h"

namespace relatum::jobs {

/// extract() for the tasks "entities" and "joint" (jobs/extract_task.h): of each document its text,
/// the entities found in it and, for "joint", the relations between them (jobs/joint_relations.h),
/// with probabilities, as one JSON line in their order; what was marked in it does not count.
/// Memory does not grow with the number of documents. Those of standard input are answered once no
/// further one waits. What was begun cannot be gone on with. Throws Error.
ExtractResult extract_entities(const ExtractOptions& options, const Host& host);

}  // namespace relatum::jobs
