// Extraction from options to predictions.
#pragma once

#include "jobs/extract_options.h"
#include "jobs/extract_output.h"

namespace relatum::jobs {

struct ExtractResult {
  bool finished = false;  ///< false: the host stopped it; --resume goes on where a file is written
  ExtractProgress progress;
};

/// Answers rows as they are read and writes predictions in their order: to a part that gets its
/// name when it is whole, with a record beside it, or to the host's output. Memory does not grow
/// with the number of rows. All of a file's rows are looked through before the first is answered;
/// rows of standard input are answered once no further one waits. Throws Error.
ExtractResult extract(const ExtractOptions& options, const Host& host);

}  // namespace relatum::jobs
