// Character by character, as XML 1.0 lists them.
#include "graph/xml_text.h"

#include "base/utf8.h"

namespace relatum::graph {

std::string xml_text(std::string_view text) {
  std::string result;
  for_code_points(text, [&](int32_t code, std::string_view bytes) {
    const bool barred = code < 0 || (code < 0x20 && code != '\t' && code != '\n' && code != '\r') ||
                        code == 0xfffe || code == 0xffff;
    if (code == '&') result += "&amp;";
    else if (code == '<') result += "&lt;";
    else if (code == '>') result += "&gt;";
    else if (code == '"') result += "&quot;";
    else if (code == '\t') result += "&#9;";
    else if (code == '\n') result += "&#10;";
    else if (code == '\r') result += "&#13;";
    else if (barred) append_utf8(result, 0xfffd);
    else result += bytes;
  });
  return result;
}

}  // namespace relatum::graph
