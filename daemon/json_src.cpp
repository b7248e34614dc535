// Boost.JSON is used from its headers; its bodies are compiled here and nowhere else.
#include <boost/json/src.hpp>
