// What an extraction looks for: relations, entities, or both, and what that takes.
#pragma once

#include <string>

#include "jobs/extract_options.h"
#include "jobs/extract_setup.h"

namespace relatum::jobs {

/// What is asked for: ExtractOptions::task, else "joint" where a relations' run is given entities
/// (`entities`, `given_entities`), else what the run learned; relations without a run. Throws Error
/// where the run did not learn it.
std::string extract_task(const ExtractOptions& options);

/// Throws Error for an option that documents know nothing of; `relations`: whether relations are
/// asked for besides entities.
void check_document_options(const ExtractOptions& options, bool relations);

/// Throws Error where the adapter, or the run that is to find entities, cannot be asked about
/// documents.
void check_document_run(const ExtractOptions& options, const ExtractSetup& setup);

/// Of the run behind --entities, in the machine's terms that the adapter is asked in.
ExtractOptions finding_options(const ExtractOptions& options);

}  // namespace relatum::jobs
