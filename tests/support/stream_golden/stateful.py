"""The cases over JSON files, one a batch: availableNow, or a query that is idle when each file comes."""
import os

from stream_golden.case import driver


@driver("stateful")
def run(case):
    """Schema, program, mode and settings are in the case."""
    info, two = case.info, "right_schema" in case.info
    idle = info["trigger"].startswith("default")
    with case:
        os.makedirs(case.tmp + "/in", exist_ok=True)
        if two:
            case.feed(case.files("left/"), "in/left")
            case.feed(case.files("right/"), "in/right")
        elif not idle:
            case.feed(case.files())
        try:
            for name, value in info["conf"].items():
                case.spark.conf.set(name, value)
            names = case.run(SCHEMA=info["schema"], RIGHT_SCHEMA=info.get("right_schema", info["schema"]))
            writer = (names["out"].writeStream.outputMode(info["output_mode"]).format("console").option("truncate", "false").option("numRows", "100")
                      .option("checkpointLocation", case.tmp + "/ck"))
            query = (writer if idle else writer.trigger(availableNow=True)).start()
        except case.errors as e:
            case.error(e)
            return
        if idle:
            query.processAllAvailable()
            for number, text in enumerate(case.files()):
                case.feed([text], "in", number)
                query.processAllAvailable()
            query.stop()
        else:
            case.wait(query)
        case.put("console.txt", case.console())
        case.progress(query)
        case.put("schema.txt", names["out"].schema.simpleString() + "\n")
